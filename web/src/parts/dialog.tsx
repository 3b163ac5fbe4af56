import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** Modal; Escape and the backdrop close it. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    ref.current?.showModal()
  }, [])
  return (
    <dialog ref={ref} aria-label={title} onClose={onClose} onClick={event => event.target === ref.current && onClose()}>
      <div class="stack">
        <div class="row between"><h2>{title}</h2><button type="button" class="link" onClick={onClose} aria-label="Close">×</button></div>
        {children}
      </div>
    </dialog>
  )
}
