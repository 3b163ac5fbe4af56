// The one hover box of the page: charts say what is under the pointer, this shows it.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { route } from '../router.ts'

interface Tip { x: number; y: number; lines: string[] }
const shown = signal<Tip | null>(null)

export const showTip = (event: MouseEvent, lines: string[]): void => {
  shown.value = { x: event.clientX, y: event.clientY, lines }
}
export const hideTip = (): void => {
  shown.value = null
}

/** Spread on any shape: its values appear while the pointer is on it. */
export const tip = (...lines: (string | false | null | undefined)[]) => {
  const text = lines.filter((v): v is string => !!v)
  return {
    onMouseMove: (event: MouseEvent) => showTip(event, text),
    onMouseLeave: hideTip,
    'aria-label': text.join(', '),
  }
}

export function TipBox() {
  const now = shown.value
  useEffect(hideTip, [route.value.path.join('/')])         // what it was about is gone, and so is the leaving of it
  if (!now) return null
  const right = now.x > window.innerWidth - 260
  return (
    <div class="tip" role="status" style={{ left: right ? 'auto' : `${now.x + 14}px`, right: right ? `${window.innerWidth - now.x + 14}px` : 'auto', top: `${Math.min(now.y + 14, window.innerHeight - 24 - 18 * now.lines.length)}px` }}>
      {now.lines.map((line, i) => <div key={i} class={i ? '' : 'strong'}>{line}</div>)}
    </div>
  )
}
