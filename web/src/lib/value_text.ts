// What is typed into a field, as a value: the words of TOML where they fit, else text.
import type { Json } from './dotted.ts'

export function parseValue(text: string): Json {
  const trimmed = text.trim()
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true'
  if (/^[+-]?(\d[\d_]*)(\.\d+)?([eE][+-]?\d+)?$/.test(trimmed) || /^[+-]?\.\d+([eE][+-]?\d+)?$/.test(trimmed)) return Number(trimmed.replaceAll('_', ''))
  if (trimmed.startsWith('[') && trimmed.endsWith(']')) return splitList(trimmed.slice(1, -1)).map(parseValue)
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(trimmed)
  return quoted ? (quoted[1] ?? quoted[2]) : trimmed
}

/** "a, [b, c], d" at its outer commas; empty parts are left out. */
export function splitList(text: string): string[] {
  const parts: string[] = []
  let depth = 0, part = '', quote = ''
  for (const c of text) {
    if (quote) quote = c === quote ? '' : quote
    else if (c === '"' || c === "'") quote = c
    else if (c === '[') depth++
    else if (c === ']') depth--
    if (c === ',' && depth === 0 && !quote) parts.push(part), (part = '')
    else part += c
  }
  return [...parts, part].map(v => v.trim()).filter(Boolean)
}

export const parseValues = (text: string): Json[] => splitList(text).map(parseValue)

export function valueText(v: Json | undefined): string {
  if (v === undefined || v === null) return ''
  if (Array.isArray(v)) return v.map(item => (Array.isArray(item) ? `[${valueText(item)}]` : valueText(item))).join(', ')
  if (typeof v === 'object') return JSON.stringify(v)
  return typeof v === 'number' && v !== 0 && Math.abs(v) < 1e-3 ? v.toExponential().replace('e-', 'e-') : String(v)
}
