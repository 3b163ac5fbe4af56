// Where the search looks now, and why: trials that were proposed and have no result yet, with what the surface expects there.
import { api } from '../../../api/client.ts'
import { useResource } from '../../../api/resource.ts'
import { cell, fixed } from '../../../lib/format.ts'
import { expected, improvement, placeOn } from '../../../lib/search_math.ts'
import { Loaded } from '../../../parts/states.tsx'
import type { SearchProps } from '../search.tsx'
import { place, type Row } from '../trial_table.tsx'
import { shortKey } from './axis_text.ts'

export function NextTrial({ experiment, data }: SearchProps) {
  const resource = useResource(`trials ${experiment.id} ${data.version}`, () => api.trials(experiment.id), experiment.id)
  return (
    <section>
      <h3>Where the search looks now</h3>
      <Loaded of={resource}>{trials => {
        const state = place(trials, 'state')
        const open = trials.rows.filter(row => ['running', 'waiting', 'preempted'].includes(String(row[state]))).slice(0, 12)
        if (!open.length) return <p class="quiet">No proposal is open: the search is over, or its next one is made when a worker asks for it.</p>
        const best = Math.max(...data.points.map(point => point.metric))
        const at = (row: Row) => data.axes.map(axis => placeOn(axis, row[place(trials, axis.variable)]))
        return (
          <>
            <p class="quiet small">{data.response ? `Expected ${data.metric} and its standard deviation on the surface of ${shortKey(data.response.x)} × ${shortKey(data.response.y)}, and the expected improvement on the best so far (${fixed(best)}). The search itself weighs all variables.` : 'From 8 results on, this says what the search expects of them.'}</p>
            <table class="plain">
              <thead><tr><th>trial</th><th>state</th>{data.axes.map(axis => <th key={axis.variable} class="right">{shortKey(axis.variable)}</th>)}<th class="right">mean</th><th class="right">uncertainty</th><th class="right">improvement</th></tr></thead>
              <tbody>{open.map(row => {
                const guess = expected(data, at(row))
                return (
                  <tr key={String(row[0])}>
                    <td>{String(row[0])}</td><td>{String(row[state])}</td>
                    {data.axes.map(axis => <td key={axis.variable} class="right">{cell(row[place(trials, axis.variable)])}</td>)}
                    <td class="right">{fixed(guess?.mean)}</td><td class="right">{fixed(guess?.deviation)}</td><td class="right">{guess ? fixed(improvement(guess.mean, guess.deviation, best), 4) : '–'}</td>
                  </tr>
                )
              })}</tbody>
            </table>
          </>
        )
      }}</Loaded>
    </section>
  )
}
