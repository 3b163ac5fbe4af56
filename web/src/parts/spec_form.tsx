// A spec as a form: what differs from the defaults first, a search over names and sentences, the rest in folds.
import { useState } from 'preact/hooks'
import { get, same, set, type Json, type Table } from '../lib/dotted.ts'
import type { Field } from '../lib/schema.ts'
import { FieldInput } from './field_input.tsx'

interface Props {
  fields: Field[]
  value: Table                                   // only what is set
  onChange: (value: Table) => void
  root?: string                                  // name of the group of fields without a table
  open?: string[]                                // groups that are unfolded first
}

export const differs = (field: Field, value: Json | undefined): boolean => value !== undefined && !same(value, field.default)

export function SpecForm({ fields, value, onChange, root = 'general', open = [] }: Props) {
  const [search, setSearch] = useState('')
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const put = (path: string) => (v: Json | undefined) => onChange(set(value, path, v))
  const input = (field: Field, name?: string) => <FieldInput key={field.path} field={field} name={name} value={get(value, field.path)} onChange={put(field.path)} />
  const found = words.length ? fields.filter(field => words.every(word => `${field.path} ${field.sentence}`.toLowerCase().includes(word))) : []
  const changed = fields.filter(field => differs(field, get(value, field.path)))
  const group = (field: Field) => (field.path.includes('.') ? field.path.split('.')[0] : root)
  const groups = [...new Set(fields.map(group))]
  return (
    <div class="stack">
      <input type="search" placeholder={`Search ${fields.length} fields`} aria-label="Search fields" value={search} onInput={event => setSearch(event.currentTarget.value)} />
      {words.length > 0 && (found.length ? <section>{found.slice(0, 40).map(field => input(field))}</section> : <p class="quiet">No field says “{search}”.</p>)}
      {!words.length && changed.length > 0 && <section><h3>Changed</h3>{changed.map(field => input(field))}</section>}
      {!words.length && groups.map(name => (
        <details class="group" key={name} open={open.includes(name)}>
          <summary>{name}</summary>
          {fields.filter(field => group(field) === name).map(field => input(field, field.path.includes('.') ? field.path.slice(field.path.indexOf('.') + 1) : field.path))}
        </details>
      ))}
    </div>
  )
}
