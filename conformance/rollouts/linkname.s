// Go wants an assembly file beside a function without a body (`reconcile`, which the linker finds).
