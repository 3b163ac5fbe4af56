// Scores per case and class as a table.
import { fixed } from '../lib/format.ts'
import { measureName, type ClassScore } from '../lib/case_metrics.ts'

export function ScoreTable({ measures, rows, cases = true }: { measures: string[]; rows: ClassScore[]; cases?: boolean }) {
  if (!rows.length) return null
  return (
    <div class="scroll">
      <table class="plain small">
        <thead><tr>{cases && <th>case</th>}<th>class</th>{measures.map(key => <th key={key} class="right">{measureName(key)}</th>)}</tr></thead>
        <tbody>{rows.map((row, i) => (
          <tr key={i}>{cases && <td>{row.case}</td>}<td>{row.class}</td>{measures.map(key => <td key={key} class="right">{fixed(row.values[key], key.includes('_mm') ? 1 : 3)}</td>)}</tr>
        ))}</tbody>
      </table>
    </div>
  )
}
