taken: ${{ values.name }}
