// The experiment's file, and what in it differs from the defaults.
import { api } from '../../api/client.ts'
import { useResource } from '../../api/resource.ts'
import { saveText } from '../../lib/download.ts'
import { cell } from '../../lib/format.ts'
import { readToml } from '../../lib/toml.ts'
import { report } from '../../parts/notices.tsx'
import { copy, Loaded } from '../../parts/states.tsx'
import { go } from '../../router.ts'
import { takeToml } from '../new/draft.ts'
import type { TabProps } from '../experiment.tsx'

export function SpecTab({ experiment }: TabProps) {
  const resource = useResource(`spec ${experiment.id}`, () => api.specText(experiment.id))
  const edit = (toml: string) => {
    try {
      takeToml(readToml(toml), experiment.name + '-2')
      go(['new'])
    } catch (error) {
      report(error)
    }
  }
  return (
    <Loaded of={resource}>{({ toml, changed }) => (
      <div class="columns spec">
        <section>
          <h3>Differs from the defaults</h3>
          {changed.length
            ? <table class="plain"><thead><tr><th>key</th><th>here</th><th>default</th></tr></thead><tbody>{changed.map(one => <tr key={one.key}><td class="mono">{one.key}</td><td>{cell(one.value)}</td><td class="quiet">{cell(one.default)}</td></tr>)}</tbody></table>
            : <p class="quiet">Nothing: all values are the defaults.</p>}
        </section>
        <section class="stack">
          <div class="row">
            <h3 class="grow">TOML</h3>
            <button type="button" onClick={() => void copy(toml)}>Copy</button>
            <button type="button" onClick={() => saveText(experiment.name + '.toml', toml, 'application/toml')}>Save TOML</button>
            <button type="button" onClick={() => edit(toml)}>New experiment from this</button>
          </div>
          <pre class="toml">{toml}</pre>
        </section>
      </div>
    )}</Loaded>
  )
}
