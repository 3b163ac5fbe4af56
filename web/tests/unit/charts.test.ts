import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Search } from '../../src/api/types.ts'
import { blockColour, head } from '../../src/lib/block_drawing.ts'
import { categorical, diverging, inkOn, okabeIto, sequential } from '../../src/lib/colour.ts'
import { csv } from '../../src/lib/csv.ts'
import { matcher, parseFilter } from '../../src/lib/filter.ts'
import { linePath, lineSvg } from '../../src/lib/line_svg.ts'
import { lostByCause } from '../../src/lib/lost_time.ts'
import { paintDifference, paintImage, paintLabels } from '../../src/lib/paint.ts'
import { rangeNumbers, rangeText } from '../../src/lib/ranges.ts'
import { linear, log, padded, ticks } from '../../src/lib/scale.ts'
import { expected, improvement, nearFilter, placeOn } from '../../src/lib/search_math.ts'
import { laneMarks, laneWaits, markPath } from '../../src/lib/timeline_marks.ts'
import { timeTicks } from '../../src/lib/time_ticks.ts'

test('ticks are round and inside', () => {
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1])
  for (const [low, high] of [[0.6123, 0.7871], [-3, 1e5], [1e-7, 3e-7]]) {
    const all = ticks(low, high)
    assert.ok(all.length >= 2 && all.length <= 9, String(all))
    assert.ok(all.every(v => v >= low - 1e-12 && v <= high + 1e-9 * Math.abs(high)))
  }
  assert.equal(linear([0.61, 0.79], [0, 100]).text(0.7), '0.70')
})

test('scales invert', () => {
  for (const scale of [linear([2, 5], [100, 0]), log([1e-4, 0.1], [0, 300])]) assert.ok(Math.abs(scale.invert(scale(0.02)) - 0.02) < 1e-9)
  assert.deepEqual(log([1e-4, 1e-1], [0, 1]).ticks.map(v => Number(v.toPrecision(3))), [1e-4, 1e-3, 1e-2, 1e-1])
  assert.deepEqual(padded(1, 1), [0.94, 1.06])
})

test('time ticks', () => assert.deepEqual(timeTicks(100, 4000, 4), [1200, 2400, 3600]))

test('colours stay with their names', () => {
  assert.equal(categorical('b', ['a', 'b']), okabeIto[1])
  assert.equal(categorical('x', []), categorical('x', ['y']))
  assert.equal(sequential(0), '#440154')
  assert.equal(diverging(0, 1, '#f1f2f4'), '#f1f2f4')
  assert.equal(diverging(-1, 1, '#f1f2f4').toUpperCase(), '#D55E00')
  assert.equal(inkOn('#000000'), '#ffffff')
  assert.equal(inkOn('#F0E442'), '#111111')
})

test('CSV quotes what must be', () => assert.equal(csv([['a', 'b,c', 'd"e'], [1, NaN, null]]), 'a,"b,c","d""e"\n1,,\n'))

test('ranges of trials', () => {
  assert.equal(rangeText([3, 1, 2, 7, 9, 10]), '1-3,7,9,10')
  assert.deepEqual(rangeNumbers('1-3,7,x,9'), [1, 2, 3, 7, 9])
  assert.deepEqual(rangeNumbers(rangeText([5, 6])), [5, 6])
  assert.equal(rangeNumbers('1-999999999', 50).length, 50)
})

test('filters', () => {
  const keys = ['trial', 'state', 'left_out', 'optimizer.learning_rate', 'dice']
  const rows = [[1, 'complete', '', 0.01, 0.71], [2, 'failed', 'T1ce', 0.001, null], [3, 'complete', 'T1ce', 0.0001, 0.66]]
  const of = (text: string) => rows.filter(matcher(text, keys)).map(row => row[0])
  assert.deepEqual(of('failed'), [2])
  assert.deepEqual(of('left_out='), [1])
  assert.deepEqual(of('left_out=t1ce dice>0.6'), [3])
  assert.deepEqual(of('learning_rate<=0.001'), [2, 3])
  assert.deepEqual(of('state!=failed T1ce'), [3])
  assert.deepEqual(of('nothing=1'), [])
  assert.deepEqual(of(''), [1, 2, 3])
  assert.deepEqual(parseFilter('"a b" c').words, ['a b', 'c'])
})

test('lines break at gaps, and the file escapes text', () => {
  const scale = linear([0, 10], [0, 10])
  assert.equal(linePath({ x: [0, 1, 2, 3], y: [0, 1, null, 3] }, scale, scale), 'M0.0 0.0L1.0 1.0M3.0 3.0')
  assert.equal(linePath({ x: [0, 1], y: [-1, 1] }, scale, log([0.1, 10], [0, 1]), true).match(/M/g)!.length, 1)
  const text = lineSvg([{ label: 'a<b', colour: '#000000', x: [0, 1], y: [1, 2] }], { title: 'x & y', xLabel: 'step', yLabel: 'loss', ink: '#000', paper: '#fff', grid: '#ccc' })
  assert.ok(text.includes('a&lt;b') && text.includes('x &amp; y') && text.endsWith('</svg>'))
})

test('lost time by cause', () => {
  const attempt = (outcome: string, seconds: number) => ({ outcome, begin_seconds: 0, end_seconds: seconds })
  assert.deepEqual(lostByCause({ workers: [{ attempts: [attempt('lost', 5), attempt('complete', 100), attempt('failed', 7), attempt('lost', 4)] }] }), [{ cause: 'lost', seconds: 9, attempts: 2 }, { cause: 'failed', seconds: 7, attempts: 1 }])
})

test('windows, outlines and differences', () => {
  const into = new Uint8ClampedArray(16)
  paintImage(Uint16Array.of(0, 100, 200, 300), 100, 200, 'grey', true, into)
  assert.deepEqual([...into], [0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255])
  const square = new Uint8ClampedArray(100)
  paintLabels(Uint16Array.from({ length: 25 }, () => 1), 5, new Map([[1, [1, 2, 3]]]), true, square)
  assert.equal(square[4 * 12 + 3], 0, 'the middle is see-through')
  assert.equal(square[3], 255, 'the border is not')
  const difference = new Uint8ClampedArray(16)
  paintDifference(Uint16Array.of(1, 0, 1, 1), Uint16Array.of(0, 1, 2, 1), difference, true)
  assert.deepEqual([3, 7, 11, 15].map(i => difference[i]), [255, 255, 0, 0], 'one class for all labels')
  paintDifference(Uint16Array.of(1, 0, 2, 1), Uint16Array.of(0, 1, 1, 1), difference)
  assert.deepEqual([difference[0], difference[4], difference[8], difference[15]], [213, 86, 240, 0])
})

test('what a search expects', () => {
  const data = { axes: [{ variable: 'a', scale: 'log', low: 1e-4, high: 1 }, { variable: 'b', scale: 'listed', values: [8, 16] }], response: { x: 'a', y: 'b', columns: 2, rows: 2, mean: [1, 2, 3, 4], standard_deviation: [0, 0, 0, 0.1] } } as unknown as Search
  assert.equal(placeOn(data.axes[0], 1e-2), 0.5)
  assert.equal(placeOn(data.axes[1], 16), 0.75)
  assert.equal(placeOn(data.axes[1], 32), null)
  assert.deepEqual(expected(data, [0.9, 0.75]), { mean: 4, deviation: 0.1 })
  // At the best mean the improvement is deviation times the normal density at 0.
  assert.ok(Math.abs(improvement(0.7, 0.1, 0.7) - 0.1 / Math.sqrt(2 * Math.PI)) < 1e-8)
  assert.equal(improvement(0.8, 0, 0.7).toFixed(12), '0.100000000000')
  assert.ok(improvement(0.5, 0.01, 0.7) < 1e-9)
})

test('arrow heads point along the last piece', () => {
  const at = (text: string) => text.slice(1, -1).split('L').map(pair => pair.split(' ').map(Number))
  const [tip, one, other] = at(head([[0, 0], [10, 0], [10, 20], [10, 20]]))
  assert.deepEqual(tip, [10, 20])
  assert.ok(one[1] < 20 && other[1] < 20 && one[0] !== other[0] && one[1] === other[1])
  assert.equal(head([[1, 1]]), '')
  assert.equal(head([[1, 1], [1, 1]]), '')
})

test('blocks are coloured by what they do', () => {
  const of = (text: string, head = false) => blockColour({ text: ['', text, ''], head })
  assert.equal(of('conv 3³'), okabeIto[0])
  assert.equal(of('transposed conv 2³'), okabeIto[2])
  assert.equal(of('max pool 2³'), okabeIto[1])
  assert.equal(of('sub-sample 3³'), okabeIto[1])
  assert.equal(of('up-sample (linear) 3³'), okabeIto[2])
  assert.equal(of('crop to the centre'), okabeIto[4])
  assert.equal(of('concat'), okabeIto[5])
  assert.equal(of('conv 1³', true), okabeIto[3])
})

test('timelines mark kills, preemptions, resumes and waits', () => {
  const attempt = (trial: number, attempt: number, begin_seconds: number, end_seconds: number, outcome: string) => ({ trial, attempt, begin_seconds, end_seconds, outcome, reason: outcome === 'complete' ? '' : 'gone' })
  const workers = [{ owner: 'a', attempts: [attempt(1, 1, 0, 10, 'lost'), attempt(2, 1, 30, 40, 'complete')] }, { owner: 'b', attempts: [attempt(1, 2, 20, 25, 'preempted'), attempt(1, 3, 25.5, 50, 'complete')] }]
  assert.deepEqual(laneMarks(workers).map(mark => [mark.lane, mark.at, mark.kind]), [[0, 10, 'kill'], [1, 20, 'resume'], [1, 25, 'preemption'], [1, 25.5, 'resume']])
  assert.equal(laneMarks(workers)[0].say, 'trial 1, attempt 1: killed or silent, gone')
  assert.deepEqual(laneWaits(workers), [{ lane: 0, from: 10, to: 30 }])
  const xs = (path: string) => [...path.matchAll(/[ML]([\d.-]+) /g)].map(match => Number(match[1]))
  assert.ok(xs(markPath('resume', 100, 0))[1] > 100 && xs(markPath('preemption', 100, 0))[1] < 100)
})

test('a place on a surface as a filter of the trials near it', () => {
  assert.equal(nearFilter({ variable: 'rate', scale: 'log', low: 1e-4, high: 1 }, 0.5), 'rate>=0.00398107 rate<=0.0251189')
  assert.equal(nearFilter({ variable: 'depth', scale: 'linear', low: 0, high: 10 }, 0.05), 'depth>=0 depth<=1.5')
  assert.equal(nearFilter({ variable: 'b', scale: 'listed', values: [8, 16] }, 0.75), 'b=16')
  assert.equal(nearFilter({ variable: 'b', scale: 'listed', values: ['two words'] }, 0.5), '')
})
