import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CaseRow } from '../../src/api/types.ts'
import { caseMatcher, inside, kept, withBin } from '../../src/lib/case_filter.ts'
import { roundBins } from '../../src/lib/statistics.ts'

const row = (id: string, z: number, spacing: number, missing = false): CaseRow => ({
  index: 0, id, patient: id.slice(0, 3), scan: '1', shape_zyx: [z, 96, 96], spacing_zyx_mm: [spacing, 1, 1], orientation: 'RAS', warnings: [], digest: '',
  images: [{ state: 'present', volume: 'a', reason: '', frame: 0 }, { state: missing ? 'missing' : 'present', volume: null, reason: '', frame: 0 }],
  label: { state: 'present', volume: 'l', reason: '' }, roi: { state: 'missing', volume: null, reason: '' },
})
const cases = [row('P01-1', 24, 3), row('P02-1', 31, 3.3, true), row('P03-1', 40, 3)]
const of = (text: string) => cases.filter(caseMatcher(text, ['T1w', 'T1ce'])).map(one => one.id)

test('cases by words and by their grid', () => {
  assert.deepEqual(of('p02'), ['P02-1'])
  assert.deepEqual(of('missing:t1ce'), ['P02-1'])
  assert.deepEqual(of('size_z>=30 spacing_z=3'), ['P03-1'])
  assert.deepEqual(of('size_z<40 1'), ['P01-1', 'P02-1'])
  assert.deepEqual(of('96'), [], 'words are not looked for in sizes')
  assert.deepEqual(of(''), cases.map(one => one.id))
})

test('bars write conditions, and the same bar again takes them away', () => {
  const a = { low: 20, high: 30, closed: false }, b = { low: 40, high: 50, closed: true }
  const one = withBin('p02 size_z>5', 'size_z', a, false)
  assert.equal(one, 'p02 size_z>=20 size_z<30')
  assert.deepEqual(kept(one, 'size_z'), a)
  assert.equal(withBin(one, 'size_z', a, false), 'p02')
  const both = withBin(one, 'size_z', b, true)
  assert.equal(both, 'p02 size_z>=20 size_z<=50')
  assert.equal(withBin(both, 'size_z', { low: 30, high: 40, closed: false }, true), both, 'what lies inside changes nothing')
  assert.equal(withBin('', 'spacing_x', { low: 0.9765625, high: 0.9765625, closed: true }, false), 'spacing_x=0.9765625')
  assert.deepEqual(kept('spacing_x=2', 'spacing_x'), { low: 2, high: 2, closed: true })
  assert.equal(kept('size_z>=3', 'size_z'), null)
  assert.ok(inside(b, 50) && !inside(a, 30))
})

test('round bins hold every value once', () => {
  assert.deepEqual(roundBins([3, 3, 3.3]).map(bin => [bin.low, bin.high, bin.count]), [[3, 3, 2], [3.3, 3.3, 1]])
  for (const values of [[20, 23, 31, 35, 47, 60], [0.5, 0.61, 0.7, 0.83, 0.9766, 1.2], Array.from({ length: 100 }, (_, i) => 150 + i * 1.3), [1e-9, 2e-9, 3e-9, 4e-9, 5e-9]]) {
    const bins = roundBins(values)
    assert.ok(bins.length >= 2 && bins.length <= 10, String(bins.length))
    assert.equal(bins.reduce((sum, bin) => sum + bin.count, 0), values.length)
    for (const bin of bins) assert.equal(values.filter(v => inside(bin, v)).length, bin.count)
    for (let i = 1; i < bins.length; i++) assert.equal(bins[i].low, bins[i - 1].high)
  }
  assert.deepEqual(roundBins([]), [])
})
