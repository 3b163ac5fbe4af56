// What `experiment report` writes: findings, decision, tables, limits and figures. Charts that answer to the mouse have tabs of their own.
import { api } from '../../api/client.ts'
import { useResource } from '../../api/resource.ts'
import type { ChannelOutcome, Report } from '../../api/types.ts'
import { csv } from '../../lib/csv.ts'
import { saveText } from '../../lib/download.ts'
import { bytes, duration, fixed, p, percent, signed, spread } from '../../lib/format.ts'
import { rangeText } from '../../lib/ranges.ts'
import { Command, Loaded } from '../../parts/states.tsx'
import { href } from '../../router.ts'
import type { TabProps } from '../experiment.tsx'
import { FigureList } from './figures.tsx'

export function ReportTab({ experiment, version }: TabProps) {
  const resource = useResource(`report ${experiment.id} ${version}`, () => api.report(experiment.id), experiment.id)
  return <Loaded of={resource}>{report => <Body id={experiment.id} folder={experiment.folder} report={report} version={version} />}</Loaded>
}

function Body({ id, folder, report, version }: { id: string; folder: string; report: Report; version: string }) {
  return (
    <article class="pad stack">
      <div class="row between">
        <h2>{report.name}: {report.strategy}</h2>
        <button type="button" onClick={() => saveText(`${report.name}-report.json`, JSON.stringify(report, null, 1), 'application/json')}>Save JSON</button>
      </div>
      {report.decision && <p class="card strong">{report.decision}</p>}
      <ul class="findings">{report.findings.map(line => <li key={line}>{line}</li>)}</ul>
      {report.channels && report.channels.length > 1 && <Channels name={report.name} channels={report.channels} metric={report.metric} ranking={report.ranking ?? []} />}
      {report.configurations.length > 0 && <Configurations id={id} report={report} />}
      {report.values.length > 0 && <Values report={report} />}
      {report.limits.length > 0 && <section><h3>What this cannot prove</h3><ul>{report.limits.map(line => <li key={line}>{line}</li>)}</ul></section>}
      <FigureList id={id} name={report.name} version={version} />
      <p class="quiet small">The same as a page with all charts, JSON, CSV and figures:</p>
      <div><Command text={`tomograd experiment report ${folder}`} /></div>
    </article>
  )
}

function Channels({ name, channels, metric, ranking }: { name: string; channels: ChannelOutcome[]; metric: string; ranking: string[] }) {
  const place = (one: ChannelOutcome) => (one.name === 'all' ? -1 : ranking.indexOf(one.name) < 0 ? 999 : ranking.indexOf(one.name))
  const rows = [...channels].sort((a, b) => place(a) - place(b))
  const save = () => saveText(`${name}-channels.csv`, csv([['channel', 'mean', 'standard deviation', 'change', 'low', 'high', 'coverage', 'p', 'holm p', 'verdict'], ...rows.map(one => [one.name, one.mean, one.standard_deviation, one.change?.estimate, one.change?.low, one.change?.high, one.change?.coverage, one.p, one.holm_p, one.verdict])]), 'text/csv')
  return (
    <section class="scroll">
      <div class="row between"><h3>Channels</h3><button type="button" class="link small" onClick={save}>CSV</button></div>
      <table class="plain">
        <thead><tr><th>left out</th><th class="right">{metric}</th><th class="right">change</th><th class="right">interval</th><th class="right">p</th><th class="right">Holm p</th><th>verdict</th></tr></thead>
        <tbody>{rows.map(one => (
          <tr key={one.name}>
            <td>{one.name}</td><td class="right">{spread(one.mean, one.standard_deviation, 3)}</td><td class="right">{signed(one.change?.estimate)}</td>
            <td class="right">{one.change ? `${signed(one.change.low)} to ${signed(one.change.high)} (${percent(one.change.coverage, 1)})` : ''}</td>
            <td class="right">{one.change ? p(one.p) : ''}</td><td class="right">{one.change ? p(one.holm_p) : ''}</td><td>{one.verdict ?? ''}</td>
          </tr>
        ))}</tbody>
      </table>
    </section>
  )
}

const most = 20

function Configurations({ id, report }: { id: string; report: Report }) {
  const keys = Object.keys(report.configurations[0].variables)
  return (
    <section class="scroll">
      <h3>Configurations, best first</h3>
      <table class="plain">
        <thead><tr>{keys.map(key => <th key={key}>{key}</th>)}<th class="right">{report.metric}</th><th class="right">time</th><th class="right">memory</th><th class="right">trials</th></tr></thead>
        <tbody>{report.configurations.slice(0, most).map(one => (
          <tr key={one.trials.join()} class={one.best ? 'on' : ''}>
            {keys.map((key, k) => <td key={key}>{one.labels[k] ?? String(one.variables[key])}</td>)}
            <td class="right">{spread(one.mean, one.standard_deviation, 3)}</td><td class="right">{duration(one.seconds)}</td><td class="right">{bytes(one.peak_bytes)}</td>
            <td class="right"><a href={href(['experiments', id, 'trials'], { select: rangeText(one.trials) })}>{one.trials.length > 3 ? one.trials.length : one.trials.join(', ')}</a></td>
          </tr>
        ))}</tbody>
      </table>
      {report.configurations.length > most && <p class="quiet small">and {report.configurations.length - most} more: sort the trials.</p>}
    </section>
  )
}

const Values = ({ report }: { report: Report }) => (
  <section class="scroll">
    <h3>Each value of each variable, over everything else</h3>
    <table class="plain">
      <thead><tr><th>variable</th><th>value</th><th class="right">{report.metric}</th><th class="right">trials</th><th class="right">per step</th><th class="right">memory</th></tr></thead>
      <tbody>{report.values.map(one => (
        <tr key={one.variable + one.value}>
          <td>{one.variable}</td><td>{one.value}</td><td class="right">{spread(one.mean, one.standard_deviation, 3)}</td><td class="right">{one.complete}</td><td class="right">{duration(one.seconds_per_step)}</td><td class="right">{fixed(one.peak_bytes) === '–' ? '–' : bytes(one.peak_bytes)}</td>
        </tr>
      ))}</tbody>
    </table>
  </section>
)
