// Subset builder: click patients into validation and test, see what each part holds, take it along as TOML.
import type { CaseRow, Dataset } from '../../api/types.ts'
import { colourAt } from '../../lib/colour.ts'
import { nextRole, subsets, subsetToml } from '../../lib/subset.ts'
import { copy } from '../../parts/states.tsx'
import { queryText, setQuery } from '../../router.ts'

const roles = ['train', 'validation', 'test'] as const
const colours = { train: colourAt(0), validation: colourAt(1), test: colourAt(3) }
const names = (key: string): string[] => queryText(key).split(',').filter(Boolean)

export function SubsetPanel({ dataset }: { dataset: Dataset }) {
  const validation = new Set(names('validation')), test = new Set(names('test'))
  const parts = subsets(dataset.cases, validation, test)
  const role = (patient: string) => (test.has(patient) ? 'test' : validation.has(patient) ? 'validation' : 'train')
  const click = (patient: string) => {
    const next = nextRole(role(patient))
    const list = (of: Set<string>, on: boolean) => [...of].filter(one => one !== patient).concat(on ? [patient] : []).join(',')
    setQuery({ validation: list(validation, next === 'validation') || null, test: list(test, next === 'test') || null })
  }
  return (
    <section class="stack">
      <div class="row between"><h3>Split</h3>{(validation.size > 0 || test.size > 0) && <button type="button" onClick={() => void copy(subsetToml([...validation], [...test]))}>Copy as TOML</button>}</div>
      <p class="quiet small">Click a patient: training, validation, test.</p>
      <div class="row">
        {dataset.patients.map(patient => <button type="button" key={patient} class="small" style={{ borderColor: colours[role(patient)] }} title={role(patient)} onClick={() => click(patient)}><i class="swatch" style={{ background: colours[role(patient)] }} /> {patient}</button>)}
      </div>
      <table class="plain tight">
        <thead><tr><th>part</th><th class="right">patients</th><th class="right">cases</th><th class="right">labelled</th><th title="Cases without this modality">missing</th></tr></thead>
        <tbody>{roles.map(part => <Part key={part} name={part} cases={parts[part]} dataset={dataset} />)}</tbody>
      </table>
    </section>
  )
}

function Part({ name, cases, dataset }: { name: (typeof roles)[number]; cases: CaseRow[]; dataset: Dataset }) {
  const missing = dataset.modalities.map((modality, i) => ({ modality, n: cases.filter(one => one.images[i].state === 'missing').length })).filter(one => one.n > 0)
  return (
    <tr>
      <td><span class="badge"><i class="swatch" style={{ background: colours[name] }} />{name}</span></td>
      <td class="right">{new Set(cases.map(one => one.patient)).size}</td>
      <td class="right">{cases.length}</td>
      <td class="right">{cases.filter(one => one.label.state !== 'missing').length}</td>
      <td class={missing.length ? 'wrap' : 'quiet wrap'}>{missing.length ? missing.map(one => `${one.modality}\u00a0${one.n}`).join(', ') : 'nothing'}</td>
    </tr>
  )
}
