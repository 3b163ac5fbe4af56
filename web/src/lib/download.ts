// Files for the reader's disk, made in the browser.
export function saveBlob(name: string, blob: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

export const saveText = (name: string, text: string, type = 'text/plain'): void => saveBlob(name, new Blob([text], { type: `${type};charset=utf-8` }))

export const fileName = (title: string): string => title.trim().toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'chart'
