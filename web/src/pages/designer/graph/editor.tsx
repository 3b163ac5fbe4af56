// A network block by block: the list in the order of the data flow, and the chosen block's connections and fields. Going back undoes.
import { useResource } from '../../../api/resource.ts'
import { specOf } from '../../../api/schemas.ts'
import { useKeys } from '../../../keyboard.ts'
import { added, blockOfNode, blocksOf, duplicated, moved, nameOf, removed, type Block } from '../../../lib/graph_blocks.ts'
import { starts } from '../../../lib/graph_starts.ts'
import type { Table } from '../../../lib/dotted.ts'
import { Loaded } from '../../../parts/states.tsx'
import { BlockForm } from './block_form.tsx'
import { BlockList } from './list.tsx'

interface Props {
  spec: Table
  node: string                                   // of the diagram that is chosen, or a block's name
  onChange: (spec: Table, name?: string) => void // name: of the block that is chosen then
  onSelect: (name: string) => void
}

export function GraphEditor({ spec, node, onChange, onSelect }: Props) {
  const blocks = blocksOf(spec)
  const at = blockOfNode(blocks, node)
  const schema = useResource('block schema', () => specOf('block'))
  const put = (next: Block[], name?: string) => onChange({ ...spec, block: next }, name)
  const add = (op: string) => {
    const place = at < 0 ? blocks.length - 1 : at
    const next = added(blocks, place, op)
    put(next, nameOf(next[place + 1]))
  }
  const duplicate = () => {
    if (at < 0) return
    const next = duplicated(blocks, at)
    put(next, nameOf(next[at + 1]))
  }
  const remove = () => {
    if (at < 0) return
    const next = removed(blocks, at)
    put(next, nameOf(next[Math.min(at, next.length - 1)]))
  }
  const move = (by: 1 | -1) => () => {
    const next = at < 0 ? null : moved(blocks, at, by)
    if (next) put(next, nameOf(blocks[at]))
  }
  const step = (by: number) => () => {
    const to = at < 0 ? (by > 0 ? 0 : blocks.length - 1) : at + by
    if (blocks[to]) onSelect(nameOf(blocks[to]))
  }
  useKeys('Blocks', [
    { key: 'ArrowDown', say: 'next block', run: step(1) },
    { key: 'ArrowUp', say: 'block before', run: step(-1) },
    { key: 'J', say: 'block one down', run: move(1) },
    { key: 'K', say: 'block one up', run: move(-1) },
    { key: 'a', say: 'add a convolution after the block', run: () => add('conv') },
    { key: 'D', say: 'duplicate the block', run: duplicate },
    { key: 'Delete', say: 'delete the block', run: remove },
  ])
  return (
    <div class="stack">
      <label class="row small">Begin with
        <select class="grow" value="" onChange={event => { const start = starts.find(one => one.name === event.currentTarget.value); if (start) put(start.blocks(), '') }}>
          <option value="">{blocks.length} blocks as they are</option>
          {starts.map(one => <option key={one.name} value={one.name}>{one.name}: {one.say}</option>)}
        </select>
      </label>
      <BlockList blocks={blocks} at={at} onSelect={onSelect} onAdd={add} onDuplicate={duplicate} onRemove={remove} onMove={move} />
      {at >= 0 && <Loaded of={schema}>{({ fields }) => <BlockForm key={nameOf(blocks[at])} blocks={blocks} at={at} fields={fields} onChange={put} />}</Loaded>}
      {at < 0 && <p class="quiet small">Choose a block here or in the diagram to change it.</p>}
    </div>
  )
}
