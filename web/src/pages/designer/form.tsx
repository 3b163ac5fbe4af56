// The fields of the chosen network. The kind is a row of buttons, because it decides what the rest is.
import { get, set, type Table } from '../../lib/dotted.ts'
import { belongs } from '../../lib/model_fields.ts'
import type { Field } from '../../lib/schema.ts'
import { FieldInput } from '../../parts/field_input.tsx'
import { differs } from '../../parts/spec_form.tsx'

const names: Record<string, string> = { unet: 'U-Net', deepmedic: 'DeepMedic', msd: 'MS-D', skip: 'skip' }

export function ModelForm({ fields, spec, onChange }: { fields: Field[]; spec: Table; onChange: (spec: Table) => void }) {
  const kind = String(spec.kind ?? 'unet')
  const kinds = (fields.find(field => field.path === 'kind')?.choices ?? []).filter(one => one !== 'graph')
  const shown = fields.filter(field => field.path !== 'kind' && belongs(field, spec))
  const changed = shown.filter(field => differs(field, get(spec, field.path)))
  const input = (field: Field) => <FieldInput key={field.path} field={field} value={get(spec, field.path)} onChange={value => onChange(set(spec, field.path, value))} />
  return (
    <div class="stack">
      <span class="segmented" role="group" aria-label="Kind of network">
        {kinds.map(one => <button type="button" key={one} aria-pressed={one === kind} onClick={() => onChange({ ...keep(spec), kind: one })}>{names[one] ?? one}</button>)}
      </span>
      {kind === 'graph'
        ? <p class="card">A graph of {Array.isArray(spec.block) ? spec.block.length : 0} blocks, read from a file. Change it in the file and load it again.</p>
        : <>
            {changed.length > 0 && <section><h3>Changed</h3>{changed.map(input)}</section>}
            <section>{changed.length > 0 && <h3>Defaults</h3>}{shown.filter(field => !changed.includes(field)).map(input)}</section>
          </>}
    </div>
  )
}

// What every kind of network understands stays when the kind changes.
const keep = (spec: Table): Table => Object.fromEntries(Object.entries(spec).filter(([key]) => ['in_channels', 'out_channels'].includes(key)))
