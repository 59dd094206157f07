/** What every password holds that a test connects with, and nothing else that is printed. */
export const MARK = 'S3cr3t'

/**
 * Vitest's global set-up: fails the run when anything that it prints holds a password of its tests. What the tests' processes
 * write, their failures and their logs are all printed here.
 */
export default function searchOutput(): () => void {
  let rest = ''
  const found: string[] = []
  const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }))
  for (const { stream, write } of streams) {
    stream.write = ((...args: Parameters<typeof write>) => {
      // A secret may lie across two writes.
      const text = rest + (typeof args[0] === 'string' ? args[0] : Buffer.from(args[0]).toString())
      if (text.includes(MARK)) found.push(...text.split('\n').filter((line) => line.includes(MARK)))
      rest = text.slice(-MARK.length + 1)
      return write.apply(stream, args)
    }) as typeof write
  }
  return () => {
    for (const { stream, write } of streams) stream.write = write
    if (found.length === 0) return
    process.exitCode = 1
    throw new Error(`the run has printed a password, ${found.length} times`)
  }
}
