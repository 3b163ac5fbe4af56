// What stands where data will be: not yet there, none at all, or an error; each says what to do.
import type { ComponentChildren } from 'preact'
import { ApiError } from '../api/client.ts'
import type { Resource } from '../api/resource.ts'
import { say } from './notices.tsx'

export function Empty({ title, command, children }: { title: string; command?: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="strong">{title}</p>
      {children && <p class="quiet">{children}</p>}
      {command && <Command text={command} />}
    </div>
  )
}

/** A command line to copy. Lines end between words: behind a hyphen an option would be torn apart. */
export const Command = ({ text }: { text: string }) => (
  <button type="button" class="command" title="Copy" onClick={() => void copy(text)}><code>{text.split(' ').map((word, i) => [i > 0 && ' ', <span key={i}>{word}</span>])}</code></button>
)

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say('Copied.')
  } catch {
    window.prompt('Copy this:', text) // no clipboard over plain http from another machine
  }
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = error instanceof ApiError ? error : null
  return (
    <div class="failure" role="alert">
      <p class="strong">{error instanceof Error ? error.message : String(error)}</p>
      {known?.context.map((line, i) => <p key={i} class="quiet small">{line}</p>)}
      {known?.hint && <p>{known.hint}</p>}
      {retry && <button type="button" onClick={retry}>Try again</button>}
    </div>
  )
}

/** The data of a resource once they are there; while newer ones come the old ones stay. */
export function Loaded<T>({ of, children }: { of: Resource<T>; children: (data: T) => ComponentChildren }) {
  if (of.data !== undefined) return <>{children(of.data)}</>
  if (of.error) return <Failure error={of.error} retry={of.reload} />
  return <p class="quiet pad" aria-busy="true">Reading …</p>
}
