// Stands for the Zarr codecs that Niivue would bring along (1.4 MB): the server decodes stores itself and sends NIfTI.
export default {
  fromConfig(): never {
    throw new Error('This page reads no Zarr chunks; the server sends volumes as NIfTI.')
  },
}
