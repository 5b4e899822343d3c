/** A folder of this machine that goes, with all that is in it, when it is disposed of. */
export interface PrivateFolder extends AsyncDisposable {
  readonly path: string;
}
