// What a search over variables found: best so far, the surface over two variables, all variables at once, and which of them matter.
import { api } from '../../api/client.ts'
import { useResource } from '../../api/resource.ts'
import type { ExperimentDetail, Search } from '../../api/types.ts'
import { Empty, Loaded } from '../../parts/states.tsx'
import { queryText } from '../../router.ts'
import type { TabProps } from '../experiment.tsx'
import { BestSoFar } from './search_charts/best_so_far.tsx'
import { Importance } from './search_charts/importance.tsx'
import { NextTrial } from './search_charts/next_trial.tsx'
import { ParallelCoordinates } from './search_charts/parallel.tsx'
import { Surface } from './search_charts/surface.tsx'

export interface SearchProps { experiment: ExperimentDetail; data: Search }

export function SearchTab({ experiment, version }: TabProps) {
  const x = queryText('vx'), y = queryText('vy')
  const resource = useResource(`search ${experiment.id} ${version} ${x} ${y}`, () => api.search(experiment.id, x, y), experiment.id)
  return <Loaded of={resource}>{data => <Charts experiment={experiment} data={data} />}</Loaded>
}

function Charts({ experiment, data }: SearchProps) {
  if (!data.points.length) return <Empty title="No trial of this search is complete yet." command={`tomograd experiment resume ${experiment.folder}`} />
  const props = { experiment, data }
  return (
    <div class="charts">
      <BestSoFar {...props} />
      {data.importance && <Importance {...props} />}
      {data.response && <Surface {...props} uncertainty={false} />}
      {data.response && <Surface {...props} uncertainty={true} />}
      {!data.response && data.axes.length > 1 && <p class="quiet">The surface over two variables and their importance appear from 8 results on; there are {data.points.length}.</p>}
      {data.axes.length > 1 && <div class="wide"><ParallelCoordinates {...props} /></div>}
      {experiment.strategy === 'bayesian' && <div class="wide"><NextTrial {...props} /></div>}
    </div>
  )
}
