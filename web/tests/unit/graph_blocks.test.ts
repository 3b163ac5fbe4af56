import assert from 'node:assert/strict'
import { test } from 'node:test'
import { added, blockOfNode, connected, duplicated, fieldNames, inputsOf, moved, removed, renamed, sourcesOf, withOp, type Block } from '../../src/lib/graph_blocks.ts'
import { twoPathBlocks, unetBlocks } from '../../src/lib/graph_starts.ts'

const three = (): Block[] => [{ name: 'a', op: 'conv', channels: 8 }, { name: 'b', op: 'pool', factor: 2 }, { name: 'c', op: 'conv', from: ['a'] }]
const names = (blocks: Block[] | null) => blocks?.map(one => one.name)

test('what a block reads: what it says, or the block before', () => {
  assert.deepEqual([0, 1, 2].map(i => inputsOf(three(), i)), [['input'], ['a'], ['a']])
  assert.deepEqual(sourcesOf(three(), 2), ['input', 'a', 'b'])
})

test('a new block stands below and has a name of its own; what joins reads the two above', () => {
  assert.deepEqual(names(added(three(), 0, 'conv')), ['a', 'conv', 'b', 'c'])
  assert.deepEqual(names(added(added(three(), 0, 'conv'), 0, 'conv')), ['a', 'conv-2', 'conv', 'b', 'c'])
  assert.deepEqual(added(three(), 2, 'concat')[3].from, ['b', 'c'])
  assert.deepEqual(names(added([], -1, 'conv')), ['conv'])
})

test('a copy goes on from the original', () => {
  const next = duplicated(three(), 2)
  assert.deepEqual([next[3].name, next[3].from, inputsOf(next, 3)], ['c-2', undefined, ['c']])
})

test('who read a deleted block reads what it read', () => {
  assert.deepEqual(removed(three(), 0).map((_, i, all) => inputsOf(all, i)), [['input'], ['input']])
  const jump: Block[] = [{ name: 'a', op: 'conv' }, { name: 'b', op: 'conv', from: ['input'] }, { name: 'c', op: 'conv' }]
  assert.deepEqual(inputsOf(removed(jump, 1), 1), ['input'])
  const like: Block[] = [{ name: 'a', op: 'conv' }, { name: 'b', op: 'crop', like: 'a' }]
  assert.equal(removed(like, 0)[0].like, undefined)
})

test('readers follow a new name, copies too', () => {
  const blocks: Block[] = [{ name: 'a', op: 'conv' }, { name: 'r', op: 'repeat', from: ['a', 'a'], repeat: 2 }, { name: 'c', op: 'concat', from: ['a', 'a.2', 'ab'] }, { name: 'd', op: 'crop', like: 'a' }]
  const next = renamed(blocks, 0, 'z')
  assert.deepEqual([next[1].from, next[2].from, next[3].like], [['z', 'z'], ['z', 'z.2', 'ab'], 'z'])
})

test('nothing moves above what it names', () => {
  assert.deepEqual(names(moved(three(), 1, -1)), ['b', 'a', 'c'])
  assert.deepEqual(names(moved(three(), 2, -1)), ['a', 'c', 'b'])
  assert.equal(moved([{ name: 'a', op: 'conv' }, { name: 'c', op: 'conv', from: ['a'] }], 0, 1), null)
  assert.equal(moved(three(), 0, -1), null)
})

test('from is written where it says something', () => {
  assert.equal(connected(three(), 2, ['b'])[2].from, undefined)
  assert.deepEqual(connected(three(), 2, ['input'])[2].from, ['input'])
})

test('another kind keeps what both understand', () => {
  const next = withOp([{ name: 'a', op: 'conv', channels: 8, norm: 'batch' }], 0, 'transposed_conv')[0]
  assert.deepEqual(next, { channels: 8, kernel: 2, stride: 2, name: 'a', norm: 'batch', op: 'transposed_conv' })
  assert.deepEqual(withOp([{ name: 'a', op: 'concat', from: ['x', 'y'] }], 0, 'pool')[0].from, ['x'])
})

test('fields follow from what is chosen', () => {
  assert.ok(!fieldNames({ op: 'conv' }).includes('epsilon'))
  assert.ok(fieldNames({ op: 'conv', norm: 'batch' }).includes('statistics'))
  assert.deepEqual(fieldNames({ op: 'concat' }), ['repeat'])
})

test('nodes of the module graph lead to their block', () => {
  const blocks: Block[] = [{ name: 'low', op: 'conv' }, { name: 'low-1', op: 'conv' }, { name: 'low.x', op: 'conv' }]
  assert.deepEqual(['low.conv', 'low-1', 'low.x.2.norm', 'other'].map(node => blockOfNode(blocks, node)), [0, 1, 2, -1])
})

test('what one begins with reads only what stands above', () => {
  for (const blocks of [unetBlocks(3), twoPathBlocks()]) blocks.forEach((block, i) => {
    for (const one of [...inputsOf(blocks, i), ...(block.like ? [String(block.like)] : [])]) assert.ok(sourcesOf(blocks, i).includes(one), `${String(block.name)} reads ${one}`)
    assert.equal(blocks.filter(other => other.name === block.name).length, 1)
  })
})
