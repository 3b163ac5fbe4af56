// Values of variables from their places between 0 and 1.
import type { SearchAxis } from '../../../api/types.ts'
import { cell, short } from '../../../lib/format.ts'

export function valueText(axis: SearchAxis, at: number | null): string {
  if (at === null || !Number.isFinite(at)) return '–'
  if (axis.scale === 'listed') {
    const n = axis.labels?.length || axis.values?.length || 1
    const index = Math.min(Math.floor(at * n), n - 1)
    return axis.labels?.[index] ?? cell(axis.values?.[index])
  }
  const low = axis.low ?? 0, high = axis.high ?? 1
  return short(axis.scale === 'log' ? low * (high / low) ** at : low + (high - low) * at)
}

/** Places and words of an axis' ticks. */
export function axisTicks(axis: SearchAxis, most = 5): { at: number; text: string }[] {
  if (axis.scale === 'listed') {
    const n = axis.labels?.length || axis.values?.length || 1
    return Array.from({ length: n }, (_, i) => ({ at: (i + 0.5) / n, text: valueText(axis, (i + 0.5) / n) }))
  }
  if (axis.scale === 'log') {
    const low = Math.log10(axis.low ?? 1), high = Math.log10(axis.high ?? 10)
    const powers: { at: number; text: string }[] = []
    for (let p = Math.ceil(low - 1e-9); p <= high + 1e-9; p++) powers.push({ at: (p - low) / (high - low), text: short(10 ** p) })
    if (powers.length >= 2) return powers
  }
  return Array.from({ length: most }, (_, i) => ({ at: i / (most - 1), text: valueText(axis, i / (most - 1)) }))
}

export const shortKey = (key: string): string => key.split('.').pop()!.replaceAll('_', ' ')
