${{ raw }}
