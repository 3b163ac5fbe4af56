// Specs as TOML files. Values keep the number type that TOML distinguishes: whole numbers of fields that hold fractions are written
// as whole numbers, which the program reads as either.
import { parse, stringify } from 'smol-toml'
import type { Json, Table } from './dotted.ts'

export function readToml(text: string): Table {
  return plain(parse(text)) as Table
}

export function writeToml(table: Table): string {
  return stringify(ordered(table)) + '\n'
}

// TOML dates become text: no field of a spec is one.
const plain = (v: unknown): Json => {
  if (typeof v === 'bigint') return Number(v)
  if (v instanceof Date) return v.toISOString()
  if (Array.isArray(v)) return v.map(plain)
  if (typeof v === 'object' && v !== null) return Object.fromEntries(Object.entries(v).map(([key, value]) => [key, plain(value)]))
  return v as Json
}

// `format` first, then plain values before tables, null values left out: TOML has none.
function ordered(table: Table): Table {
  const rank = ([key, v]: [string, Json]) => (key === 'format' ? 0 : typeof v === 'object' && v !== null && (!Array.isArray(v) || v.some(x => typeof x === 'object' && x !== null && !Array.isArray(x))) ? 2 : 1)
  const entries = Object.entries(table).filter(([, v]) => v !== null)
  return Object.fromEntries(entries.sort((a, b) => rank(a) - rank(b)).map(([key, v]) => [key, typeof v === 'object' && v !== null && !Array.isArray(v) ? ordered(v) : v]))
}
