// How trials are chosen, and the panel that belongs to it.
import { useResource } from '../../api/resource.ts'
import { specOf } from '../../api/schemas.ts'
import type { Dataset } from '../../api/types.ts'
import type { Field } from '../../lib/schema.ts'
import { FieldInput } from '../../parts/field_input.tsx'
import { Loaded } from '../../parts/states.tsx'
import { draft, put, setKind, strategyOf } from './draft.ts'
import { ChannelGrid } from './channel_grid.tsx'
import { Variables } from './variables.tsx'

const kinds = [
  { id: 'sweep', name: 'Sweep', say: 'One trial for every combination of the variables’ values.' },
  { id: 'random', name: 'Random', say: 'Values drawn evenly from the variables’ ranges.' },
  { id: 'bayesian', name: 'Bayesian', say: 'Every proposal comes from a Gaussian process of the results so far.' },
  { id: 'leave-one-out', name: 'Leave-one-out', say: 'Every channel left out in turn, every patient tested in turn: which channel matters?' },
]
const shown: Record<string, string[]> = {
  sweep: ['folds', 'seeds', 'metric', 'halving', 'least_steps'],
  random: ['trials', 'folds', 'seeds', 'metric', 'halving', 'least_steps', 'nested'],
  bayesian: ['trials', 'parallel', 'greedy', 'folds', 'seeds', 'metric', 'nested'],
  'leave-one-out': ['leave_channels', 'leave_patients', 'folds', 'seeds', 'channel_pairs', 'channel_dropout', 'metric', 'margin'],
}

export function StrategyColumn({ dataset }: { dataset: Dataset | null }) {
  const schema = useResource('strategy schema', () => specOf('strategy'))
  const whole = useResource('experiment schema', () => specOf('experiment'))
  const strategy = strategyOf(draft.value.spec)
  const kind = String(strategy.kind ?? 'leave-one-out')
  const known = kinds.find(one => one.id === kind)
  return (
    <section class="stack">
      <h2>Strategy</h2>
      <span class="segmented" role="group" aria-label="Strategy">
        {kinds.map(one => <button type="button" key={one.id} aria-pressed={one.id === kind} onClick={() => setKind(one.id)}>{one.name}</button>)}
      </span>
      <p class="quiet small">{known?.say ?? `“${kind}” is set in the file.`}</p>
      {kind === 'leave-one-out' && dataset && <ChannelGrid dataset={dataset} strategy={strategy} />}
      {kind === 'leave-one-out' && !dataset && <p class="quiet">Choose a dataset to see its channels and patients.</p>}
      <Loaded of={schema}>{({ fields }) => <Fields fields={fields} names={shown[kind] ?? fields.map(field => field.path)} strategy={strategy} />}</Loaded>
      <Loaded of={whole}>{({ fields }) => <Workers fields={fields} />}</Loaded>
      <Variables kind={kind} />
    </section>
  )
}

function Fields({ fields, names, strategy }: { fields: Field[]; names: string[]; strategy: ReturnType<typeof strategyOf> }) {
  const of = (name: string) => fields.find(field => field.path === name)
  return <div>{names.map(name => of(name) && <FieldInput key={name} field={of(name)!} name={name.replaceAll('_', ' ')} value={strategy[name]} onChange={value => put(`strategy.${name}`, value)} />)}</div>
}

// Of the experiment, not of its strategy: how many trials run at a time and how often one is tried.
function Workers({ fields }: { fields: Field[] }) {
  const { spec } = draft.value
  return <div>{[['workers', 'parallel trials'], ['attempts', 'attempts']].map(([key, name]) => {
    const field = fields.find(one => one.path === key)
    return field && <FieldInput key={key} field={field} name={name} value={spec[key]} onChange={value => put(key, value)} />
  })}</div>
}
