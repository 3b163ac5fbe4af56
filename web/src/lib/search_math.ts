// A search's next step in numbers: where a value lies on its axis, what the surface expects there, and the improvement it promises.
import type { Search, SearchAxis } from '../api/types.ts'
import type { Json } from './dotted.ts'
import { isNumber } from './format.ts'

/** A value's place on its axis, 0 to 1; null where it is none. */
export function placeOn(axis: SearchAxis, value: Json): number | null {
  if (axis.scale === 'listed') {
    const index = axis.values?.findIndex(one => JSON.stringify(one) === JSON.stringify(value)) ?? -1
    return index < 0 ? null : (index + 0.5) / axis.values!.length
  }
  if (!isNumber(value) || !isNumber(axis.low) || !isNumber(axis.high)) return null
  return axis.scale === 'log' ? Math.log(value / axis.low) / Math.log(axis.high / axis.low) : (value - axis.low) / (axis.high - axis.low)
}

/** A filter of the trials' table that keeps what lies within `reach` of a place (0 to 1) on this axis; "" where a value cannot be written as one. */
export function nearFilter(axis: SearchAxis, at: number, reach = 0.1): string {
  if (axis.scale === 'listed') {
    const value = axis.values?.[Math.min(Math.floor(at * axis.values.length), axis.values.length - 1)]
    return (typeof value === 'string' && /^[^\s"]+$/.test(value)) || typeof value === 'number' || typeof value === 'boolean' ? `${axis.variable}=${value}` : ''
  }
  const low = axis.low ?? 0, high = axis.high ?? 1
  const value = (share: number) => Number((axis.scale === 'log' ? low * (high / low) ** share : low + (high - low) * share).toPrecision(6))
  return `${axis.variable}>=${value(Math.max(at - reach, 0))} ${axis.variable}<=${value(Math.min(at + reach, 1))}`
}

/** Mean and standard deviation of the surface at a point of its two variables. */
export function expected(data: Search, at: (number | null)[]): { mean: number; deviation: number } | null {
  const { response } = data
  if (!response) return null
  const x = at[data.axes.findIndex(axis => axis.variable === response.x)], y = at[data.axes.findIndex(axis => axis.variable === response.y)]
  if (!isNumber(x) || !isNumber(y)) return null
  const c = Math.min(Math.max(Math.floor(x * response.columns), 0), response.columns - 1), r = Math.min(Math.max(Math.floor(y * response.rows), 0), response.rows - 1)
  const i = r * response.columns + c
  return { mean: response.mean[i], deviation: response.standard_deviation[i] }
}

/** Expected improvement on the best mean (Jones, Schonlau and Welch 1998, eq. 15). */
export function improvement(mean: number, deviation: number, best: number): number {
  if (!(deviation > 0)) return Math.max(mean - best, 0)
  const z = (mean - best) / deviation
  const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)
  return (mean - best) * normal(z) + deviation * density
}

// Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8.
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const tail = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return z > 0 ? 1 - tail : tail
}
