// Scores per case and class as a table; of one case with the classes side by side, which fits beside a picture.
import { fixed } from '../lib/format.ts'
import { measureName, type ClassScore } from '../lib/case_metrics.ts'

interface Props { measures: string[]; rows: ClassScore[]; cases?: boolean }

const text = (row: ClassScore, key: string): string => fixed(row.values[key], key.includes('_mm') ? 1 : 3)

export function ScoreTable({ measures, rows, cases = true }: Props) {
  if (!rows.length) return null
  if (!cases && rows.length <= 3) return <OneCase measures={measures} rows={rows} />
  return (
    <div class="scroll">
      <table class="plain small tight">
        <thead><tr>{cases && <th>case</th>}<th>class</th>{measures.map(key => <th key={key} class="right">{measureName(key)}</th>)}</tr></thead>
        <tbody>{rows.map((row, i) => (
          <tr key={i}>{cases && <td>{row.case}</td>}<td>{row.class}</td>{measures.map(key => <td key={key} class="right">{text(row, key)}</td>)}</tr>
        ))}</tbody>
      </table>
    </div>
  )
}

const OneCase = ({ measures, rows }: Omit<Props, 'cases'>) => (
  <div class="scroll">
    <table class="plain small tight">
      <thead><tr><th />{rows.map(row => <th key={row.class} class="right">{row.class}</th>)}</tr></thead>
      <tbody>{measures.map(key => <tr key={key}><td class="quiet">{measureName(key)}</td>{rows.map(row => <td key={row.class} class="right">{text(row, key)}</td>)}</tr>)}</tbody>
    </table>
  </div>
)
