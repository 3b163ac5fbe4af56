// What waits: how much work it is, for how much money, and in which hours it may run.
import { experiments, rootName } from '../../api/live.ts'
import type { Experiment, WaitingTrials } from '../../api/types.ts'
import { minuteOfDay, windowParts } from '../../lib/booking.ts'
import { duration, grouped, isNumber, money, none, plural } from '../../lib/format.ts'
import { optionsText } from '../../lib/run_terms.ts'
import { State } from '../../parts/progress.tsx'
import { Command } from '../../parts/states.tsx'
import { href } from '../../router.ts'

export const Waiting = ({ all, now }: { all: WaitingTrials[]; now: number }) => (
  <table class="plain" aria-label="Waiting">
    <thead><tr><th>experiment</th><th>state</th><th class="right">trials</th><th class="right">each</th><th class="right">work</th><th class="right">at a time</th><th class="right">takes</th><th class="right">costs</th><th class="right">cap allows</th><th>booked hours</th><th>goes on with</th></tr></thead>
    <tbody>{all.map(one => (
      <tr key={one.id}>
        <td><a href={href(['experiments', one.id])}>{one.name}</a></td><td><State state={one.state} /></td>
        <td class="right">{grouped(one.trials)}</td><td class="right">{duration(one.trial_seconds)}</td><td class="right">{duration(one.work_seconds)}</td><td class="right">{one.workers}</td><td class="right">{duration(one.wall_seconds)}</td>
        <td class="right">{money(one.cost, one.currency ?? '')}</td>
        <td class="right">{isNumber(one.affordable_trials) ? <span class={one.affordable_trials < one.trials ? 'bad' : ''}>{plural(one.affordable_trials, 'trial')}</span> : none}</td>
        <td><Hours one={one} now={now} /></td>
        <td><GoesOn one={one} /></td>
      </tr>
    ))}</tbody>
    <caption class="quiet small">each: the median of its complete trials; takes: in waves of as many trials as run at a time, while it runs.</caption>
  </table>
)

function Hours({ one, now }: { one: WaitingTrials; now: number }) {
  if (!one.between) return <span class="quiet">all</span>
  return (
    <span class="row">
      <svg width="96" height="10" role="img" aria-label={`booked hours ${one.between}`}>
        <rect width="96" height="10" fill="var(--line)" />
        {windowParts(one.between).map(([from, to]) => <rect key={from} x={from / 15} width={(to - from) / 15} height="10" fill="var(--accent)" />)}
        <rect x={minuteOfDay(now) / 15 - 0.5} width="1.5" height="10" fill="var(--ink)" />
      </svg>
      <span>{one.between}</span>
      <span class={one.open ? 'good' : 'quiet'}>{one.open ? 'open now' : `opens in ${duration(one.opens_in_seconds)}`}</span>
    </span>
  )
}

// On the terms of the last run: a cap that is not said again holds no longer.
const again = ({ terms, cap }: Experiment): string =>
  !terms ? '' : optionsText(Object.entries({ on: terms.on === 'local' ? '' : terms.on, queue: terms.queue, price: terms.price_per_hour, budget: cap, trial_hours: terms.trial_hours, between: terms.between }).filter((one): one is [string, string | number] => isNumber(one[1]) || !!one[1]))

function GoesOn({ one }: { one: WaitingTrials }) {
  const experiment = experiments.value?.find(each => each.id === one.id)
  if (['running', 'stopping'].includes(one.state) || !experiment) return <span class="quiet">it runs</span>
  return <Command text={`tomograd experiment resume ${rootName(experiment.root)}/${experiment.folder}${again(experiment)}`} />
}
