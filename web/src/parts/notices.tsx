// Notices at the page's lower edge: what happened to what, and what to do. Errors stay until they are closed.
import { signal } from '@preact/signals'
import { ApiError } from '../api/client.ts'

interface Notice { id: number; kind: 'error' | 'done'; message: string; hint?: string }
const notices = signal<Notice[]>([])
let last = 0

const close = (id: number): void => {
  notices.value = notices.value.filter(one => one.id !== id)
}

export function report(error: unknown): void {
  if (error instanceof DOMException && error.name === 'AbortError') return
  const message = error instanceof Error ? error.message : String(error)
  if (notices.value.some(one => one.message === message)) return
  notices.value = [...notices.value.slice(-3), { id: ++last, kind: 'error', message, hint: error instanceof ApiError ? error.hint : undefined }]
}

export function say(message: string): void {
  const id = ++last
  notices.value = [...notices.value.slice(-3), { id, kind: 'done', message }]
  setTimeout(() => close(id), 5000)
}

export const Notices = () => (
  <div class="notices" aria-live="polite">
    {notices.value.map(one => (
      <div key={one.id} class={`notice ${one.kind}`} role={one.kind === 'error' ? 'alert' : 'status'}>
        <div>
          <div>{one.message}</div>
          {one.hint && <div class="quiet small">{one.hint}</div>}
        </div>
        <button type="button" class="link" onClick={() => close(one.id)} aria-label="Close">×</button>
      </div>
    ))}
  </div>
)
