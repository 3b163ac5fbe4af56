// Instance types with days and money, cheapest first.
import { useState } from 'preact/hooks'
import type { Bounds, Plan } from '../../api/types.ts'
import { fixed, isNumber, money } from '../../lib/format.ts'
import { Command } from '../../parts/states.tsx'
import { tip } from '../../parts/tip.tsx'

const interval = ({ low, high }: Bounds, text: (v: number) => string): string | null => (isNumber(low) && isNumber(high) && low !== high ? `${text(low)} to ${text(high)}` : null)

export function Instances({ plan }: { plan: Plan }) {
  const [open, setOpen] = useState('')
  const [all, setAll] = useState(false)
  const cash = (v: number) => money(v, plan.currency)
  const shown = all ? plan.instances : plan.instances.slice(0, 8)
  return (
    <div class="scroll">
      <table class="plain">
        <thead><tr><th>instance</th><th class="right">n</th><th class="right">days</th><th class="right">on demand</th><th class="right">spot</th><th>fits</th></tr></thead>
        <tbody>
          {shown.map(one => (
            <tr key={one.type} class={one.type === plan.cheapest?.type ? 'on' : ''} onClick={() => setOpen(open === one.type ? '' : one.type)}
              {...tip(`${one.type} · ${one.devices ? `${one.devices} × ` : ''}${one.device}`, `${cash(one.price_per_hour)} per hour`, interval(one.days_interval, v => fixed(v, 1)) && `days ${interval(one.days_interval, v => fixed(v, 1))}`, interval(one.total_interval, cash) && `money ${interval(one.total_interval, cash)}`, one.memory?.change)}>
              <td><button type="button" class="link">{one.type}</button></td>
              <td class="right">{one.count}</td>
              <td class="right">{fixed(one.days, 1)}</td>
              <td class="right">{money(one.total, plan.currency)}</td>
              <td class="right">{one.spot ? money(one.spot.total, plan.currency) : '–'}</td>
              <td>{fits(one)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {plan.instances.length > shown.length && <button type="button" class="link small" onClick={() => setAll(true)}>all {plan.instances.length}</button>}
      {plan.instances.filter(one => one.type === open).map(one => <div key={one.type} class="stack">{one.commands.map(command => <Command key={command} text={command} />)}</div>)}
      <p class="quiet small">Prices of {plan.prices_date}, with head node, storage and transfer. A row opens its commands.</p>
    </div>
  )
}

function fits(one: Plan['instances'][number]) {
  const parts = [
    one.memory && !one.memory.fits ? <span class="bad" key="m">no memory</span> : null,
    one.meets_deadline === false ? <span class="bad" key="d">late</span> : null,
    one.within_budget === false ? <span class="bad" key="b">{one.affordable_trials} trials</span> : null,
  ].filter(Boolean)
  return parts.length ? parts : <span class="good">yes</span>
}
