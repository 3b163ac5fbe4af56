// The figures of the report as files for papers: pictures that the server draws, not parts of this page.
import { api, figureAddress } from '../../api/client.ts'
import { useResource } from '../../api/resource.ts'
import type { Figure } from '../../api/types.ts'
import { fileName } from '../../lib/download.ts'
import { Loaded } from '../../parts/states.tsx'

interface Props { id: string; name: string; version: string }

export function FigureList({ id, name, version }: Props) {
  const resource = useResource(`figures ${id} ${version}`, () => api.figures(id), id)
  return (
    <section class="stack">
      <h3>Figures</h3>
      <Loaded of={resource}>{answer => (answer.figures.length
        ? <div class="figures">{answer.figures.map(one => <OneFigure key={one.name} figure={one} at={figureAddress(id, one.name, answer.version)} file={`${fileName(name)}-${one.name}.svg`} />)}</div>
        : <p class="quiet">None yet: they are drawn from the first complete trial on.</p>)}</Loaded>
    </section>
  )
}

const OneFigure = ({ figure: { title, caption }, at, file }: { figure: Figure; at: string; file: string }) => (
  <figure class="stack">
    <figcaption class="row between"><h3>{title}</h3><a class="small" href={at} download={file}>SVG</a></figcaption>
    <img loading="lazy" src={at} alt={`${title}. ${caption}`} />
    <p class="quiet small">{caption}</p>
  </figure>
)
