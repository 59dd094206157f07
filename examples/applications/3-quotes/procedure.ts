import { procedure } from 'leveret'
import { z } from 'zod'

/** What it costs to send a parcel, and how. */
export const quoteParcel = procedure('quote-parcel', {
  request: z.object({ to: z.string().length(2), weightKg: z.number().positive() }),
  response: z.discriminatedUnion('by', [
    z.object({ by: z.literal('courier'), cents: z.int(), days: z.int() }),
    z.object({ by: z.literal('freight'), cents: z.int(), pallets: z.int() }),
    z.object({ by: z.literal('pickup'), branch: z.string() }),
  ]),
  errors: {
    UnknownCountry: z.object({ served: z.array(z.string()) }),
    TooHeavy: z.object({ maxKg: z.number() }),
  },
})
