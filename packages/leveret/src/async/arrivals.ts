/** What has come over all connections of this process, for whoever waits for something and asks whether more may still come. */
export const arrivals = {
  /** Frames that were read, of any kind. */
  frames: 0,
}
