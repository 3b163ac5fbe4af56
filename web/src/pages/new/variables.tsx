// What differs between trials: any field of the run, with values or a range.
import { useResource } from '../../api/resource.ts'
import { specOf } from '../../api/schemas.ts'
import { isTable, type Table } from '../../lib/dotted.ts'
import { rangeSentence, type Field } from '../../lib/schema.ts'
import { valuesOf } from '../../lib/trial_count.ts'
import { parseValue, parseValues, valueText } from '../../lib/value_text.ts'
import { firstRange, withCondition } from '../../lib/variables.ts'
import { change, draft, variablesOf } from './draft.ts'
import { TypedInput } from './typed_input.tsx'

export function Variables({ kind }: { kind: string }) {
  const schema = useResource('run schema', () => specOf('run'))
  const { spec } = draft.value
  const all = variablesOf(spec)
  const write = (next: Table[]) => {
    const { variable: _, ...rest } = spec
    change({ spec: next.length ? { ...rest, variable: next } : rest })
  }
  const fields = schema.data?.fields ?? []
  return (
    <section class="stack">
      <div class="row between"><h3>Variables</h3><button type="button" onClick={() => write([...all, { key: '', values: [] }])}>Add variable</button></div>
      {!all.length && <p class="quiet small">{kind === 'leave-one-out' ? 'None needed: channels and patients are what differs.' : 'A variable is any field of the run, for example optimizer.learning_rate.'}</p>}
      <datalist id="run-fields">{fields.map(field => <option key={field.path} value={field.path}>{field.sentence}</option>)}</datalist>
      {all.map((one, i) => (
        <Variable key={i} one={one} kind={kind} field={fields.find(field => field.path === one.key)}
          onChange={next => write(all.map((old, k) => (k === i ? next : old)))} onRemove={() => write(all.filter((_, k) => k !== i))} />
      ))}
    </section>
  )
}

const scales = ['linear', 'log', 'integer', 'integer-log']

function Variable({ one, kind, field, onChange, onRemove }: { one: Table; kind: string; field: Field | undefined; onChange: (next: Table) => void; onRemove: () => void }) {
  const ranged = Array.isArray(one.range)
  const range = ranged ? (one.range as number[]) : []
  const asRange = () => {
    const { values: _, labels: __, ...rest } = one
    onChange({ ...rest, ...firstRange(field) })
  }
  const asList = () => {
    const { range: _, scale: __, count: ___, ...rest } = one
    onChange({ ...rest, values: field?.choices.length ? field.choices : [] })
  }
  const when = isTable(one.when) ? Object.entries(one.when).map(([key, v]) => `${key} = ${valueText(v)}`).join('; ') : ''
  return (
    <div class="card stack">
      <div class="row">
        <input class="grow mono" list="run-fields" placeholder="optimizer.learning_rate" aria-label="Field" value={String(one.key ?? '')} onInput={event => onChange({ ...one, key: event.currentTarget.value })} />
        <button type="button" class="link" onClick={onRemove} aria-label={`Remove ${String(one.key)}`}>×</button>
      </div>
      {field && <p class="quiet small">{field.sentence}{rangeSentence(field) && ` (${rangeSentence(field)})`}; default {valueText(field.default) || 'empty'}</p>}
      <div class="row">
        <span class="segmented" role="group" aria-label="Values or range">
          <button type="button" aria-pressed={!ranged} onClick={asList}>list</button>
          <button type="button" aria-pressed={ranged} onClick={asRange}>range</button>
        </span>
        {!ranged && <TypedInput label="Values" placeholder="0.001, 0.01, 0.1" value={Array.isArray(one.values) ? one.values : []} show={valueText} read={parseValues} onChange={values => onChange({ ...one, values })} />}
        {ranged && (
          <span class="row grow">
            <TypedInput label="Smallest" value={range[0]} show={valueText} read={parseValue} onChange={v => onChange({ ...one, range: [v, range[1]] })} />
            to
            <TypedInput label="Largest" value={range[1]} show={valueText} read={parseValue} onChange={v => onChange({ ...one, range: [range[0], v] })} />
            <select aria-label="Scale" value={String(one.scale ?? 'linear')} onChange={event => onChange({ ...one, scale: event.currentTarget.value })}>{scales.map(scale => <option key={scale}>{scale}</option>)}</select>
          </span>
        )}
      </div>
      {ranged && kind === 'sweep' && <label class="row small">values from the range <input type="number" min={2} value={valuesOf(one)} onInput={event => event.currentTarget.valueAsNumber >= 2 && onChange({ ...one, count: event.currentTarget.valueAsNumber })} /></label>}
      <details open={!!when}>
        <summary class="quiet small">only when …</summary>
        <TypedInput label="Condition" placeholder="model.kind = unet" value={when} show={v => v} read={text => text} onChange={text => onChange(withCondition(one, text))} />
      </details>
    </div>
  )
}
