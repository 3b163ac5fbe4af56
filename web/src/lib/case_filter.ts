// What is typed over the cases: words that a case must hold (patient, scan, "missing:T1ce", a warning), and conditions on its grid: size_z>=24,
// spacing_x<1.2, orientation=RAS. The bars of the histograms write such conditions.
import type { CaseRow } from '../api/types.ts'
import { matcher, parseFilter, type Condition } from './filter.ts'

const axes = ['z', 'y', 'x'] as const
export const sizeKeys = axes.map(axis => `size_${axis}`), spacingKeys = axes.map(axis => `spacing_${axis}`)
const keys = ['case', 'patient', 'scan', 'orientation', ...sizeKeys, ...spacingKeys]

export function caseMatcher(text: string, modalities: readonly string[]): (one: CaseRow) => boolean {
  const { words } = parseFilter(text)
  const holds = matcher(text.replace(/"[^"]*"/g, ' ').split(/\s+/).filter(part => /[=<>]/.test(part)).join(' '), keys)
  return one => {
    if (!holds([one.id, one.patient, one.scan, one.orientation, ...(one.shape_zyx ?? [null, null, null]), ...(one.spacing_zyx_mm ?? [null, null, null])])) return false
    const said = [one.id, one.patient, one.scan, one.orientation, ...one.warnings, ...one.images.flatMap((image, i) => (image.state === 'present' ? [] : [image.state, `${image.state}:${modalities[i]}`])), one.label.state === 'missing' ? 'missing:label' : ''].join(' ').toLowerCase()
    return words.every(word => said.includes(word))
  }
}

export interface Bin { low: number; high: number; closed: boolean }  // closed: the upper end belongs to it

const ends = (key: string, conditions: readonly Condition[]): Bin | null => {
  const own = conditions.filter(one => one.key === key)
  const of = (sign: string) => own.find(one => one.sign === sign)
  const exact = of('='), low = of('>='), high = of('<') ?? of('<=')
  if (exact) return { low: Number(exact.value), high: Number(exact.value), closed: true }
  return low && high ? { low: Number(low.value), high: Number(high.value), closed: high.sign === '<=' } : null
}

/** The part of an axis that a filter keeps; null = all of it. */
export const kept = (text: string, key: string): Bin | null => ends(key, parseFilter(text).conditions)

export const inside = (bin: Bin, v: number): boolean => v >= bin.low && (bin.closed ? v <= bin.high : v < bin.high)

/** The filter with this bin of `key` in place of what it said of it; `add`: from one to the other; the same bin again takes it away. */
export function withBin(text: string, key: string, bin: Bin, add: boolean): string {
  const before = kept(text, key)
  const rest = text.split(/\s+/).filter(part => part && !new RegExp(`^${key}(!=|<=|>=|=|<|>)`).test(part))
  if (!add && before && before.low === bin.low && before.high === bin.high) return rest.join(' ')
  const other = add && before ? before : bin
  const top = other.high > bin.high || (other.high === bin.high && other.closed) ? other : bin
  const now: Bin = { low: Math.min(other.low, bin.low), high: top.high, closed: top.closed }
  const words = now.low === now.high ? [`${key}=${now.low}`] : [`${key}>=${now.low}`, `${key}${now.closed ? '<=' : '<'}${now.high}`]
  return [...rest, ...words].join(' ')
}
