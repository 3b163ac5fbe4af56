// From a spec's JSON Schema to the fields of a form: one entry per value, in the order in which the spec lists them.
import { isTable, type Json, type Table } from './dotted.ts'

export type FieldKind = 'boolean' | 'integer' | 'number' | 'text' | 'choice' | 'extent' | 'list' | 'any'
export interface Field {
  path: string                                   // dotted
  sentence: string
  kind: FieldKind
  unit: string
  default: Json | undefined
  low: number | null
  high: number | null
  choices: string[]
  items: FieldKind | null                        // of a list
}

const order = (schema: Table): [string, Table][] =>
  Object.entries(isTable(schema.properties) ? schema.properties : {}).filter((one): one is [string, Table] => isTable(one[1]))
    .map((one, i): [[string, Table], number] => [one, typeof one[1]['x-order'] === 'number' ? (one[1]['x-order'] as number) : i])
    .sort((a, b) => a[1] - b[1]).map(([one]) => one)

function kindOf(schema: Table): FieldKind {
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]) as (string | undefined)[]
  if (schema['x-kind'] === 'extent') return 'extent'
  if (Array.isArray(schema.enum)) return 'choice'
  if (types.includes('boolean')) return 'boolean'
  if (types.includes('array')) return 'list'
  if (types.includes('integer')) return 'integer'
  if (types.includes('number')) return 'number'
  return types.includes('string') ? 'text' : 'any'
}

const bound = (schema: Table, ...keys: string[]): number | null => {
  for (const key of keys) if (typeof schema[key] === 'number') return schema[key] as number
  return null
}

export function fieldsOf(schema: Table, prefix = ''): Field[] {
  return order(schema).flatMap(([name, one]): Field[] => {
    const path = prefix ? `${prefix}.${name}` : name
    if (isTable(one.properties)) return fieldsOf(one, path)
    const items = isTable(one.items) ? one.items : null
    const inner = items ?? one
    return [{
      path, sentence: String(one.description ?? ''), kind: kindOf(one), unit: String(one['x-unit'] ?? inner['x-unit'] ?? ''), default: one.default,
      low: bound(one, 'minimum') ?? bound(inner, 'minimum'), high: bound(one, 'maximum') ?? bound(inner, 'maximum'),
      choices: ((Array.isArray(one.enum) ? one.enum : Array.isArray(inner.enum) ? inner.enum : []) as Json[]).map(String),
      items: items ? kindOf(items) : null,
    }]
  })
}

/** All defaults as one tree. */
export function defaultsOf(schema: Table): Table {
  const result: Table = {}
  for (const [name, one] of order(schema)) {
    if (isTable(one.properties)) result[name] = defaultsOf(one)
    else if (one.default !== undefined) result[name] = one.default
  }
  return result
}

export const rangeSentence = ({ low, high, unit, choices }: Field): string => {
  if (choices.length) return choices.map(choice => choice || 'empty').join(', ')
  const of = unit ? ` ${unit}` : ''
  if (low !== null && high !== null) return `${low} to ${high}${of}`
  return low !== null ? `at least ${low}${of}` : high !== null ? `at most ${high}${of}` : unit
}

/** What is wrong with a value, or "". */
export function wrong(field: Field, value: Json): string {
  const numbers = field.kind === 'extent' || field.kind === 'list' ? (Array.isArray(value) ? value : [value]).flat() : [value]
  if (field.kind === 'extent' && !(typeof value === 'number' || (Array.isArray(value) && value.length === 3))) return 'one number, or three: Z, Y, X'
  const numeric = ['integer', 'number', 'extent'].includes(field.kind) || ['integer', 'number', 'extent'].includes(field.items ?? '')
  if (!numeric) return field.kind === 'choice' && !field.choices.includes(String(value)) ? `one of ${field.choices.join(', ')}` : ''
  for (const v of numbers) {
    if (typeof v !== 'number' || !Number.isFinite(v)) return `“${String(v)}” is not a number`
    if ((field.kind === 'integer' || field.kind === 'extent' || field.items === 'integer') && !Number.isInteger(v)) return `${v} is not a whole number`
    if ((field.low !== null && v < field.low) || (field.high !== null && v > field.high)) return `${v} is outside ${rangeSentence(field)}`
  }
  return ''
}
