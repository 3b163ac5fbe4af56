// Channels × patients of a leave-one-out: a click on a channel or a patient takes it out of the experiment or back in; the cells say
// which scans there are.
import type { Dataset } from '../../api/types.ts'
import type { Json, Table } from '../../lib/dotted.ts'
import { plural } from '../../lib/format.ts'
import { tip } from '../../parts/tip.tsx'
import { put } from './draft.ts'

const names = (v: Json | undefined): string[] => (Array.isArray(v) ? v.map(String) : [])

export function ChannelGrid({ dataset, strategy }: { dataset: Dataset; strategy: Table }) {
  const channels = names(strategy.channels), patients = names(strategy.patients)
  const on = (list: string[], name: string) => !list.length || list.includes(name)
  // No list means all, so the last click back to all takes the list away.
  const toggle = (key: string, list: string[], all: string[], name: string) => () => {
    const next = all.filter(one => (one === name ? !on(list, one) : on(list, one)))
    put(`strategy.${key}`, next.length === all.length || !next.length ? undefined : next)
  }
  const has = (patient: string, m: number) => dataset.cases.filter(one => one.patient === patient).some(one => one.images[m]?.state === 'present' || one.images[m]?.state === 'differs')
  return (
    <div>
      <p class="quiet small">{plural(dataset.modalities.filter(name => on(channels, name)).length, 'channel')} left out in turn × {plural(dataset.patients.filter(name => on(patients, name)).length, 'patient')} tested in turn. Click a channel or patient to leave it alone.</p>
      <div class="grid-cells" style={{ gridTemplateColumns: `max-content repeat(${dataset.modalities.length}, minmax(34px, 1fr))`, maxHeight: '320px' }}>
        <span class="quiet small">patient</span>
        {dataset.modalities.map(name => <button type="button" key={name} class="small" aria-pressed={on(channels, name)} onClick={toggle('channels', channels, dataset.modalities, name)}>{name}</button>)}
        {dataset.patients.map(patient => [
          <button type="button" key={patient} class="small" aria-pressed={on(patients, patient)} onClick={toggle('patients', patients, dataset.patients, patient)}>{patient}</button>,
          ...dataset.modalities.map((name, m) => <span key={`${patient} ${name}`} class={on(channels, name) && on(patients, patient) ? '' : 'quiet'} {...tip(`${patient} ${name}`, has(patient, m) ? 'there' : 'missing')}>{has(patient, m) ? (on(channels, name) && on(patients, patient) ? '●' : '○') : '–'}</span>),
        ])}
      </div>
    </div>
  )
}
