// Which channel matters: outcomes per channel left out, their means, the paired differences to "all", and the matrix behind them.
import { api } from '../../api/client.ts'
import { useResource } from '../../api/resource.ts'
import type { LeaveOneOut } from '../../api/types.ts'
import { fixed } from '../../lib/format.ts'
import { Empty, Loaded } from '../../parts/states.tsx'
import type { TabProps } from '../experiment.tsx'
import { Differences } from './loo/differences.tsx'
import { Matrix } from './loo/matrix.tsx'
import { Means } from './loo/means.tsx'
import { Outcomes } from './loo/outcomes.tsx'

export function LeaveOneOutTab({ experiment, version }: TabProps) {
  const resource = useResource(`loo ${experiment.id} ${version}`, () => api.leaveOneOut(experiment.id), experiment.id)
  return <Loaded of={resource}>{data => <Charts id={experiment.id} data={data} />}</Loaded>
}

function Charts({ id, data }: { id: string; data: LeaveOneOut }) {
  if (!data.channels.some(channel => channel.outcomes.length)) return <Empty title="No trial is complete yet." command={`tomograd experiment resume ${id}`}>The charts grow with every trial. Start or resume the experiment:</Empty>
  return (
    <div class="charts">
      <section class="wide stack">
        {data.decision && <p class="card strong">{data.decision}</p>}
        <p class="quiet">
          {data.pairs} paired patients. {data.can_reach_significance
            ? `The smallest Holm-corrected p so many pairs can reach is ${fixed(data.smallest_holm_p, 3)}.`
            : `So few pairs cannot show significance after Holm's correction (smallest p ${fixed(data.smallest_holm_p, 3)}): read the intervals, not the p.`}
        </p>
      </section>
      <Outcomes id={id} data={data} />
      <Means id={id} data={data} />
      <div class="wide"><Differences id={id} data={data} /></div>
      <div class="wide"><Matrix id={id} data={data} /></div>
      {data.limits.length > 0 && <section class="wide"><h3>What this cannot prove</h3><ul>{data.limits.map(line => <li key={line}>{line}</li>)}</ul></section>}
    </div>
  )
}
