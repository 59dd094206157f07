/** Amount of work. */
export interface Amount {
  readonly messages: number
  /** How many messages may be in progress at once. */
  readonly atOnce: number
}

/** Awaits `act` for each message, in `atOnce` loops. */
export async function inLoops({ messages, atOnce }: Amount, act: () => Promise<unknown>): Promise<void> {
  let begun = 0
  const loop = async (): Promise<void> => {
    while (begun++ < messages) await act()
  }
  await Promise.all(Array.from({ length: atOnce }, loop))
}

/** Calls `begin` for each message; each that ends begins the next. */
export function inWindow(
  { messages, atOnce }: Amount,
  begin: (settled: (error?: unknown) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let begun = 0
    let ended = 0
    const next = (): void => {
      if (begun === messages) return
      begun += 1
      begin(settled)
    }
    const settled = (error?: unknown): void => {
      ended += 1
      if (error) reject(error)
      else if (ended === messages) resolve()
      else next()
    }
    for (let slot = 0; slot < atOnce; slot += 1) next()
  })
}
