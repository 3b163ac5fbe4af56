// A network's spec from and to the reader's disk, as a command, and into the experiment that is being written.
import type { ModelFacts } from '../../api/types.ts'
import { isTable, type Table } from '../../lib/dotted.ts'
import { fileName, saveText } from '../../lib/download.ts'
import { readToml } from '../../lib/toml.ts'
import { report } from '../../parts/notices.tsx'
import { copy } from '../../parts/states.tsx'
import { go } from '../../router.ts'
import { change, draft, runOf } from '../new/draft.ts'

interface Props { facts: ModelFacts | undefined; spec: Table; onLoad: (spec: Table) => void }

export function DesignerFiles({ facts, spec, onLoad }: Props) {
  const use = () => {
    const { run: _, ...rest } = draft.value.spec
    change({ spec: { ...rest, run: { ...runOf(draft.value.spec), model: spec } } })
    go(['new'])
  }
  const load = () => {
    const input = document.createElement('input')
    input.type = 'file'
    input.accept = '.toml'
    input.onchange = async () => {
      const file = input.files?.[0]
      if (!file) return
      try {
        onLoad(modelIn(readToml(await file.text())))
      } catch (error) {
        report(new Error(`${file.name}: ${error instanceof Error ? error.message : String(error)}`))
      }
    }
    input.click()
  }
  return (
    <>
      {facts && <button type="button" title="The network of the experiment that is being written" onClick={use}>Use in experiment</button>}
      {facts && <button type="button" onClick={() => saveText(`${fileName(facts.title)}.toml`, facts.toml, 'application/toml')}>Save TOML</button>}
      <button type="button" onClick={load}>Load TOML</button>
      {facts && <button type="button" title={facts.command} onClick={() => void copy(facts.command)}>Copy as command</button>}
    </>
  )
}

/** The [model] of a run or an experiment, or the table itself when it is one. */
export function modelIn(spec: Table): Table {
  const run = isTable(spec.run) ? spec.run : spec
  if (isTable(run.model)) return run.model
  if (typeof run.kind === 'string') return run
  throw new Error('there is no [model] table in this file')
}
