// A network's spec from and to the reader's disk, and as a command.
import type { ModelFacts } from '../../api/types.ts'
import { isTable, type Table } from '../../lib/dotted.ts'
import { fileName, saveText } from '../../lib/download.ts'
import { readToml } from '../../lib/toml.ts'
import { report } from '../../parts/notices.tsx'
import { copy } from '../../parts/states.tsx'

export function DesignerFiles({ facts, onLoad }: { facts: ModelFacts | undefined; onLoad: (spec: Table) => void }) {
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
