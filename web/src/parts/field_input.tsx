// One field of a spec: name, control, unit, and on demand its sentence and range.
import { useEffect, useState } from 'preact/hooks'
import { same, type Json } from '../lib/dotted.ts'
import { rangeSentence, wrong, type Field } from '../lib/schema.ts'
import { parseValue, parseValues, valueText } from '../lib/value_text.ts'

interface Props {
  field: Field
  value: Json | undefined                        // undefined = the default holds
  onChange: (value: Json | undefined) => void
  name?: string                                  // instead of the whole path
}

export function FieldInput({ field, value, onChange, name = field.path }: Props) {
  const changed = value !== undefined && !same(value, field.default)
  const now = value ?? field.default
  const bad = value === undefined ? '' : wrong(field, value)
  const id = `field-${field.path}`
  return (
    <div class={`field ${changed ? 'changed' : ''}`} title={`${field.path}: ${field.sentence}`}>
      <label htmlFor={id}>{name}</label>
      <span class="control">
        <Control id={id} field={field} now={now} bad={!!bad} onChange={v => onChange(v !== undefined && same(v, field.default) ? undefined : v)} />
        {field.unit && <span class="unit">{field.unit}</span>}
      </span>
      {changed ? <button type="button" class="link" title={`Back to the default, ${valueText(field.default) || 'empty'}`} aria-label={`${field.path}: default`} onClick={() => onChange(undefined)}>↺</button> : <span />}
      {bad && <span class="wrong" role="alert">{bad}</span>}
      <span class="hint">{hint(field, changed)}</span>
    </div>
  )
}

// Sentence, range, and the default where another value stands in its place.
function hint(field: Field, changed: boolean): string {
  const range = ['choice', 'boolean'].includes(field.kind) ? '' : rangeSentence(field)
  const aside = [range, changed ? `default ${valueText(field.default) || 'empty'}` : ''].filter(Boolean).join('; ')
  return field.sentence + (aside ? ` (${aside})` : '')
}

interface ControlProps { id: string; field: Field; now: Json | undefined; bad: boolean; onChange: (value: Json | undefined) => void }

function Control({ id, field, now, bad, onChange }: ControlProps) {
  if (field.kind === 'boolean') return <input id={id} type="checkbox" checked={now === true} onChange={event => onChange(event.currentTarget.checked)} />
  if (field.kind === 'choice') return (
    <select id={id} value={String(now ?? '')} onChange={event => onChange(event.currentTarget.value)}>
      {field.choices.map(choice => <option key={choice} value={choice}>{choice || '(empty)'}</option>)}
    </select>
  )
  return <TextValue id={id} field={field} now={now} bad={bad} onChange={onChange} />
}

// What is typed stays as typed; the value follows it.
function TextValue({ id, field, now, bad, onChange }: ControlProps) {
  const shown = valueText(now)
  const [text, setText] = useState(shown)
  useEffect(() => {
    if (!same(read(field, text), now)) setText(shown)
  }, [shown])
  const numeric = ['integer', 'number', 'extent'].includes(field.kind)
  return (
    <input id={id} type="text" inputMode={numeric && field.kind !== 'extent' ? 'decimal' : 'text'} aria-invalid={bad} value={text} placeholder={field.kind === 'list' ? 'a, b, c' : field.kind === 'extent' ? 'Z, Y, X' : ''}
      onInput={event => {
        setText(event.currentTarget.value)
        onChange(read(field, event.currentTarget.value))
      }} />
  )
}

function read(field: Field, text: string): Json | undefined {
  const trimmed = text.trim()
  if (field.kind === 'text') return text
  if (field.kind === 'list') return field.items === 'text' || field.items === 'choice' ? trimmed.split(',').map(v => v.trim()).filter(Boolean) : parseValues(trimmed.replace(/^\[(.*)\]$/, '$1'))
  if (!trimmed) return undefined
  if (field.kind === 'extent') {
    const list = parseValues(trimmed.replace(/[x×\s]+/g, ','))
    return list.length === 1 ? [list[0], list[0], list[0]] : list
  }
  return parseValue(trimmed)
}
