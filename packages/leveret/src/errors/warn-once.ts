/** The most keys that are remembered. Warnings with later keys are not emitted, so that a process stays small. */
const MAX_WARNED = 1_000

const warned = new Set<string>()

/** Emits a `LeveretWarning` of the process, once for each code and key. */
export function warnOnce(key: string, text: string, more: { readonly code: string; readonly detail?: string }): void {
  const id = `${more.code} ${key}`
  if (warned.has(id) || warned.size >= MAX_WARNED) return
  warned.add(id)
  process.emitWarning(text, { type: 'LeveretWarning', ...more })
}
