import type { Attributes } from '@opentelemetry/api'
import type { ServerAddress } from 'leveret'
import { SERVER_ADDRESS, SERVER_PORT } from '../names.js'

/** The attributes of the broker, where it is known. */
export function serverOf({ server }: { readonly server: ServerAddress | undefined }): Attributes {
  return server === undefined ? {} : { [SERVER_ADDRESS]: server.address, [SERVER_PORT]: server.port }
}
