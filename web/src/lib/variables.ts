// Variables of an experiment while they are being written.
import type { Table } from './dotted.ts'
import type { Field } from './schema.ts'
import { parseValues } from './value_text.ts'

/** Where a search may begin: a tenth to ten times the default of a positive number, else all that is legal. */
export function firstRange(field: Field | undefined): { range: number[]; scale: string } {
  const low = field?.low ?? 0, high = field?.high ?? Infinity, usual = Number(field?.default)
  if (field?.kind === 'number' && usual > 0) return { range: [Math.max(usual / 10, low), Math.min(usual * 10, high)].map(v => Number(v.toPrecision(6))), scale: high <= 1 && usual > 0.1 ? 'linear' : 'log' }
  return { range: [low, Number.isFinite(high) ? high : Math.max(usual * 2, 1) || 1], scale: field?.kind === 'integer' ? 'integer' : 'linear' }
}

/** "a.b = c; d = e" as the table `when`; without a whole condition there is none. */
export function withCondition(one: Table, text: string): Table {
  const { when: _, ...rest } = one
  const pairs = text.split(';').map(part => part.split('=').map(v => v.trim())).filter(part => part.length === 2 && part[0] && part[1])
  if (!pairs.length) return rest
  return { ...rest, when: Object.fromEntries(pairs.map(([key, v]) => { const values = parseValues(v); return [key, values.length === 1 ? values[0] : values] })) }
}
