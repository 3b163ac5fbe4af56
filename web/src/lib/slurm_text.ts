// Slurm's words as people say them: "JobArrayTaskLimit" is "job array task limit", "PENDING" is "pending". A sentence stays as it is.
export function slurmWord(word: string): string {
  if (/\s/.test(word)) return word
  if (/^[A-Z_]+$/.test(word)) return word.toLowerCase().replaceAll('_', ' ')
  return word.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2').split(' ').map(part => (/^[A-Z]{2,}$/.test(part) ? part : part.toLowerCase())).join(' ')
}
