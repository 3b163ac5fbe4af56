// A spec from the reader's disk becomes the draft of a new experiment.
import { readToml } from '../../lib/toml.ts'
import { report } from '../../parts/notices.tsx'
import { go } from '../../router.ts'
import { takeToml } from './draft.ts'

export function ImportToml() {
  const take = async (file: File | undefined) => {
    if (!file) return
    try {
      takeToml(readToml(await file.text()), file.name.replace(/\.toml$/, ''))
      go(['new'])
    } catch (error) {
      report(new Error(`${file.name} is not a TOML file that can be read: ${error instanceof Error ? error.message : String(error)}`))
    }
  }
  const pick = () => {
    const input = document.createElement('input')
    input.type = 'file'
    input.accept = '.toml'
    input.onchange = () => void take(input.files?.[0])
    input.click()
  }
  return <button type="button" onClick={pick}>Import TOML</button>
}
