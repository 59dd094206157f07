import { z } from 'zod'
import { type Procedure, procedure, type RpcServer, type RpcServerEvents } from '../../src/index.js'

const request = z.object({ n: z.int() })
const response = z.object({ doubled: z.int() })
const errors = { TooBig: z.object({ limit: z.int() }) }

/** Doubles a number, or says that it is too big. */
export const double: Procedure<typeof request, typeof response, typeof errors> = procedure('double', {
  request,
  response,
  errors,
})

/** Resolves with what the next event of this name carries. */
export function nextEvent<Name extends keyof RpcServerEvents>(
  server: Pick<RpcServer<typeof double>, 'on'>,
  name: Name,
): Promise<RpcServerEvents[Name]> {
  return new Promise((resolve) => server.on(name, resolve))
}
