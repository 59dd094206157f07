import type { Attributes } from '@opentelemetry/api'
import type { ServerAddress } from 'leveret'
import { SERVER_ADDRESS, SERVER_PORT } from '../names.js'

/** Sets the address and the port of the broker, if they are known. */
export function noteServer(attributes: Attributes, { server }: { readonly server: ServerAddress | undefined }): void {
  if (server === undefined) return
  attributes[SERVER_ADDRESS] = server.address
  attributes[SERVER_PORT] = server.port
}
