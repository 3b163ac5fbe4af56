// Where the next trials will be, and why: open proposals and the one to come, with what the search's own model expects of them.
import { api } from '../../../api/client.ts'
import { useResource } from '../../../api/resource.ts'
import type { Expectations, Proposal } from '../../../api/types.ts'
import { cell, fixed, grouped, isNumber, none, percent, plural } from '../../../lib/format.ts'
import { reasonOf } from '../../../lib/proposal_text.ts'
import { expected, improvement, placeOn } from '../../../lib/search_math.ts'
import { Loaded } from '../../../parts/states.tsx'
import { href } from '../../../router.ts'
import type { SearchProps } from '../search.tsx'
import { shortKey } from './axis_text.ts'

export function NextTrial({ experiment, data }: SearchProps) {
  const resource = useResource(`next ${experiment.id} ${data.version}`, () => api.expectations(experiment.id), experiment.id)
  return (
    <section>
      <h3>Where the search looks next</h3>
      <Loaded of={resource}>{next => (next.proposals.length ? <Proposals experiment={experiment} data={data} next={next} /> : <p class="quiet">No proposal is open: the next one waits for a result.</p>)}</Loaded>
    </section>
  )
}

function Proposals({ experiment, data, next }: SearchProps & { next: Expectations }) {
  const best = next.proposals.find(one => isNumber(one.best))?.best
  const guessed = next.proposals.some(one => one.basis === 'not asked')
  const doubtful = next.proposals.some(one => isNumber(one.success) && one.success < 1)
  return (
    <>
      <p class="quiet small">{guessed
        ? `With ${grouped(next.results)} results the search's own model takes too long to be asked here (beyond ${grouped(next.most_results)}): mean, uncertainty and improvement are of the surface over two variables.`
        : `What the search's own model expects of them: mean of ${next.metric}, standard deviation of the mean, and expected improvement on the best mean${isNumber(best) ? `, ${fixed(best, 4)}` : ''}.`}</p>
      <table class="plain" aria-label="Next trials">
        <thead><tr><th>trial</th><th>state</th>{data.axes.map(axis => <th key={axis.variable} class="right">{shortKey(axis.variable)}</th>)}<th class="right">mean</th><th class="right">uncertainty</th><th class="right">improvement</th><th class="right" title="Natural logarithm of the expected improvement in the model's units: what the search makes large">log EI</th>{doubtful && <th class="right">succeeds</th>}<th>why</th></tr></thead>
        <tbody>{next.proposals.map(one => <Row key={one.proposal} id={experiment.id} data={data} one={one} doubtful={doubtful} />)}</tbody>
        {next.more > 0 && <caption class="quiet small">and {plural(next.more, 'more open proposal')}</caption>}
      </table>
    </>
  )
}

function Row({ id, data, one, doubtful }: { id: string; data: SearchProps['data']; one: Proposal; doubtful: boolean }) {
  const guess = one.basis === 'not asked' ? expected(data, data.axes.map(axis => placeOn(axis, one.settings[axis.variable] ?? null))) : null
  const best = Math.max(...data.points.map(point => point.metric))
  const state = one.state === 'next' ? 'not made yet' : one.state === 'beyond' ? 'if it is extended' : one.state
  return (
    <tr>
      <td>{one.trial ? <a href={href(['experiments', id, 'trials'], { trial: one.trial })}>{one.trial}</a> : 'next'}</td><td>{state}</td>
      {data.axes.map(axis => <td key={axis.variable} class="right">{cell(one.settings[axis.variable])}</td>)}
      <td class="right">{fixed(one.mean ?? guess?.mean, 4)}</td><td class="right">{fixed(one.standard_deviation ?? guess?.deviation, 4)}</td>
      <td class="right">{guess ? fixed(improvement(guess.mean, guess.deviation, best), 4) : small(one.improvement)}</td><td class="right">{fixed(one.model?.log_improvement, 2)}</td>
      {doubtful && <td class="right">{percent(one.success)}</td>}
      <td class="quiet">{reasonOf(one)}</td>
    </tr>
  )
}

// An improvement may be tiny and is still the largest that there is.
const small = (v: number | null | undefined): string => (!isNumber(v) ? none : Math.abs(v) >= 1e-4 ? fixed(v, 4) : cell(v))
